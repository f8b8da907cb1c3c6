/* SPDX-License-Identifier: ISC */
/*
 * local_outside - any answer of the program deliver is a verdict
 */
#include "local/outside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why w;

	outside_read(view_bytes(data, size), &w);
	must(w.verdict == VERDICT_DONE || w.verdict == VERDICT_LATER ||
	    w.verdict == VERDICT_NEVER);
	must(w.status[1] == '.' && w.text[0] != '\0');
	return 0;
}
