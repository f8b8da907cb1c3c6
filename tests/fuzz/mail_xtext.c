/* SPDX-License-Identifier: ISC */
/*
 * mail_xtext - what decodes is text; what is encoded decodes to itself
 */
#include "lib/mail/utf8.h"
#include "lib/mail/xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(struct view v, bool utf8)
{
	must(utf8 ? utf8_valid(v) : utf8_is_ascii(v));
	for (size_t i = 0; i < v.n; i++)
		must((unsigned char)v.p[i] >= ' ' && v.p[i] != 127);
}

static bool
has_control(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 127)
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size);
	struct str out = { 0 }, again = { 0 };

	for (int utf8 = 0; utf8 < 2; utf8++) {
		str_reset(&out);
		if (xtext_decode(&out, in, utf8)) {
			check_text(str_view(&out), utf8);
			str_reset(&again);
			xtext_encode(&again, str_view(&out));
			must(again.n <= size * 3);
		}
		str_reset(&out);
		if (xtext_decode_unicode(&out, in, utf8))
			check_text(str_view(&out), true);
	}
	str_reset(&out);
	str_reset(&again);
	xtext_encode(&out, in);
	if (xtext_decode(&again, str_view(&out), true))
		must(view_eq(str_view(&again), in));
	str_reset(&out);
	str_reset(&again);
	if (utf8_valid(in)) {
		xtext_encode_unicode(&out, in);
		must(utf8_is_ascii(str_view(&out)));
		if (xtext_decode_unicode(&again, str_view(&out), false))
			must(view_eq(str_view(&again), in));
		else
			must(size == 0 || has_control(in));
	}
	str_free(&out);
	str_free(&again);
	return 0;
}
