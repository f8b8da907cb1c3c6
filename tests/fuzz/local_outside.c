/* SPDX-License-Identifier: ISC */
/*
 * local_outside - any answer of the program deliver is a verdict
 */
#include "lib/proc/message.h"
#include "local/outside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str targets = { 0 };
	struct why w;
	size_t n;

	if (outside_forwarded(view_bytes(data, size), VIEW_LIT("bob"),
		VIEW_LIT("bob@x.test"), &targets))
		must(list_ok(str_view(&targets), &n) && n > 0 && n % 3 == 0);
	str_free(&targets);
	outside_read(view_bytes(data, size), &w);
	must(w.verdict == VERDICT_DONE || w.verdict == VERDICT_LATER ||
	    w.verdict == VERDICT_NEVER);
	must(w.status[1] == '.' && w.text[0] != '\0');
	return 0;
}
