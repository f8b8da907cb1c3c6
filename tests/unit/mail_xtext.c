/* SPDX-License-Identifier: ISC */
/*
 * mail_xtext - xtext and the unicode forms of an original recipient
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/mail/xtext.h"

static void
test_decode(void **unused)
{
	static const struct {
		const char *in, *out;	/* NULL: refused */
		bool utf8;
	} cases[] = {
		{ "", "", false },
		{ "user@example.org", "user@example.org", false },
		{ "a+2Bb+3Dc", "a+b=c", false },
		{ "with+20blank", "with blank", false },
		{ "+41", "A", false },
		{ "+2b", NULL, false },		/* lower case */
		{ "+2", NULL, false },
		{ "+", NULL, false },
		{ "+G0", NULL, false },
		{ "a=b", NULL, false },
		{ "a b", NULL, false },
		{ "a\tb", NULL, false },
		{ "\xc3\xa4", NULL, true },	/* must be encoded */
		{ "+0D+0Ax", NULL, false },
		{ "+00", NULL, false },
		{ "+7F", NULL, false },
		{ "+C3+A4", NULL, false },
		{ "+C3+A4", "\xc3\xa4", true },
		{ "+C3", NULL, true },
	};

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };
		bool ok = xtext_decode(&out, view_of(cases[i].in),
		    cases[i].utf8);

		if (ok != (cases[i].out != NULL))
			fail_msg("%s: %d", cases[i].in, ok);
		if (ok)
			assert_string_equal(str_c(&out), cases[i].out);
		str_free(&out);
	}
}

static void
test_unicode(void **unused)
{
	static const struct {
		const char *in, *out;
		bool eight;
	} cases[] = {
		{ "user@example.org", "user@example.org", false },
		{ "m\\x{FC}ller@x.test", "m\xc3\xbcller@x.test", false },
		{ "\\x{20AC}\\x{1F4EC}", "\xe2\x82\xac\xf0\x9f\x93\xac",
		    false },
		{ "\\x{10FFFF}", "\xf4\x8f\xbf\xbf", false },
		{ "\\x{20}\\x{2B}\\x{3D}\\x{5C}", " +=\\", false },
		{ "m\xc3\xbcller", "m\xc3\xbcller", true },
		{ "m\xc3\xbcller", NULL, false },
		{ "m\xfcller", NULL, true },
		{ "\\x{41}", NULL, false },	/* it can stand as itself */
		{ "\\x{fc}", NULL, false },
		{ "\\x{0FC}", NULL, false },
		{ "\\x{D800}", NULL, false },
		{ "\\x{110000}", NULL, false },
		{ "\\x{1000000}", NULL, false },
		{ "\\x{0A}", NULL, false },
		{ "\\x{FC", NULL, false },
		{ "\\x{}", NULL, false },
		{ "\\", NULL, false },
		{ "\\\\", NULL, false },
		{ "a+b", NULL, false },
		{ "a=b", NULL, false },
		{ "a b", NULL, false },
	};

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };
		bool ok = xtext_decode_unicode(&out, view_of(cases[i].in),
		    cases[i].eight);

		if (ok != (cases[i].out != NULL))
			fail_msg("%s: %d", cases[i].in, ok);
		if (ok)
			assert_string_equal(str_c(&out), cases[i].out);
		if (ok && !cases[i].eight) {
			str_reset(&out);
			xtext_encode_unicode(&out, view_of(cases[i].out));
			assert_string_equal(str_c(&out), cases[i].in);
		}
		str_free(&out);
	}
}

/* Every octet is carried, or refused by the decoder as no text. */
static void
test_round(void **unused)
{
	(void)unused;
	for (int c = 0; c < 256; c++) {
		char in[3] = { 'a', (char)c, 'b' };
		struct str x = { 0 }, out = { 0 };
		bool ok;

		xtext_encode(&x, view_bytes(in, 3));
		ok = xtext_decode(&out, str_view(&x), false);
		assert_int_equal(ok, c >= ' ' && c < 127);
		if (ok)
			assert_memory_equal(out.p, in, 3);
		str_free(&x);
		str_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_unicode),
		cmocka_unit_test(test_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
