/* SPDX-License-Identifier: ISC */
/*
 * mail_reply - SMTP replies, written and read (lib/mail/reply.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/reply.h"

static void
test_write(void **state UNUSED)
{
	struct str out = { 0 };
	struct why why;

	why_never(&why, "1.1", "no such user");
	reply_why(&out, 550, &why);
	assert_string_equal(str_c(&out), "550 5.1.1 no such user\r\n");
	str_reset(&out);
	reply_text(&out, 220, "", view_of("one\r\ntwo \x01\n"));
	assert_string_equal(str_c(&out), "220-one\r\n220 two ?\r\n");
	str_reset(&out);
	reply_text(&out, 250, "2.0.0", view_of(""));
	assert_string_equal(str_c(&out), "250 2.0.0 \r\n");
	str_reset(&out);
	reply_text(&out, 250, "2.0.0", view_of("a\n\nb"));
	assert_string_equal(str_c(&out),
	    "250-2.0.0 a\r\n250-2.0.0 \r\n250 2.0.0 b\r\n");
	str_free(&out);
}

/* Whatever the text, lines keep the limit and read back to it. */
static void
test_long(void **state UNUSED)
{
	static const char *const pieces[] = { "x", "word ", "\xc3\xa4", " " };

	for (size_t i = 0; i < nitems(pieces); i++) {
		struct str text = { 0 }, out = { 0 }, again = { 0 };
		struct reply_line r = { 0 };
		struct view rest;

		for (size_t n = 0; n < 3000; n++)
			str_adds(&text, pieces[i]);
		reply_text(&out, 450, "4.3.0", str_view(&text));
		for (rest = str_view(&out); rest.n > 0;) {
			struct view line = view_cut(&rest, '\n');

			assert_true(line.n + 1 <= REPLY_LINE_MAX);
			line.n--;
			assert_true(reply_parse(line, &r));
			assert_int_equal(r.last, rest.n == 0);
			assert_true(view_is(r.status, "4.3.0"));
			str_add(&again, r.text);
		}
		assert_true(again.n <= text.n && again.n > text.n - 40);
		str_free(&text);
		str_free(&out);
		str_free(&again);
	}
}

static void
test_read(void **state UNUSED)
{
	static const struct {
		const char *in;
		unsigned code;
		bool last;
		const char *status, *text;
	} cases[] = {
		{ "250 ok", 250, true, "", "ok" },
		{ "250", 250, true, "", "" },
		{ "250-SIZE 1", 250, false, "", "SIZE 1" },
		{ "550 5.1.1 no", 550, true, "5.1.1", "no" },
		{ "550 5.1.1", 550, true, "5.1.1", "" },
		{ "550-5.7.123 x", 550, false, "5.7.123", "x" },
		{ "550 4.1.1 no", 550, true, "", "4.1.1 no" },
		{ "550 5.1.1no", 550, true, "", "5.1.1no" },
		{ "550 5.1 no", 550, true, "", "5.1 no" },
		{ "550 5.1.1234 no", 550, true, "", "5.1.1234 no" },
		{ "55", 0, false, 0, 0 },
		{ "650 x", 0, false, 0, 0 },
		{ "150 x", 0, false, 0, 0 },
		{ "250x", 0, false, 0, 0 },
		{ "2a0 x", 0, false, 0, 0 },
		{ "", 0, false, 0, 0 },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct reply_line r;

		assert_int_equal(reply_parse(view_of(cases[i].in), &r),
		    cases[i].code != 0);
		if (cases[i].code == 0)
			continue;
		assert_int_equal(r.code, cases[i].code);
		assert_int_equal(r.last, cases[i].last);
		assert_true(view_is(r.status, cases[i].status));
		assert_true(view_is(r.text, cases[i].text));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
