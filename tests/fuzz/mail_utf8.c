/* SPDX-License-Identifier: ISC */
/*
 * mail_utf8 - modified UTF-7 has one form for each name
 */
#include "lib/mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The normal form of a normal form is itself. */
static void
check_normal(struct view in)
{
	struct str once = { 0 }, twice = { 0 };

	if (utf8_normalize(&once, in)) {
		must(utf8_valid(in) && utf8_valid(str_view(&once)));
		must(utf8_normalize(&twice, str_view(&once)));
		must(view_eq(str_view(&once), str_view(&twice)));
	} else {
		must(!utf8_valid(in) && once.n == 0);
	}
	str_free(&once);
	str_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size);
	struct str out = { 0 }, again = { 0 };

	check_normal(in);
	if (utf7_decode(&out, in)) {
		must(utf8_valid(str_view(&out)));
		must(utf7_encode(&again, str_view(&out)));
		must(view_eq(str_view(&again), in));
	}
	str_reset(&out);
	str_reset(&again);
	must(utf7_encode(&out, in) == utf8_valid(in));
	if (utf8_valid(in)) {
		must(utf7_decode(&again, str_view(&out)));
		must(view_eq(str_view(&again), in));
	}
	str_free(&out);
	str_free(&again);
	return 0;
}
