/* SPDX-License-Identifier: ISC */
/*
 * mail_subject - what is left of a subject has nothing to come off
 */
#include "lib/mail/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str base = { 0 };

	subject_base(&base, view_bytes(data, size));
	must(base.n <= 3 * size);
	must(base.n == 0 || (base.p[0] != ' ' && base.p[base.n - 1] != ' '));
	str_free(&base);
	return 0;
}
