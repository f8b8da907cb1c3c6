/* SPDX-License-Identifier: ISC */
/*
 * mail_utf8 - UTF-8 and mailbox names in UTF-7 (lib/mail/utf8.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/utf8.h"

static void
test_valid(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "", true }, { "abc", true }, { "\xc3\xa4", true },
		{ "\xe2\x82\xac", true }, { "\xf0\x9f\x98\x80", true },
		{ "\xf4\x8f\xbf\xbf", true }, { "\xf4\x90\x80\x80", false },
		{ "\xc0\x80", false }, { "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false }, { "\xed\xa0\x80", false },
		{ "\xf0\x8f\xbf\xbf", false }, { "\x80", false },
		{ "\xc3", false }, { "\xe2\x82", false }, { "\xff", false },
		{ "\xc3(", false },
	};

	for (size_t i = 0; i < nitems(cases); i++)
		assert_int_equal(utf8_valid(view_of(cases[i].text)),
		    cases[i].valid);
	assert_true(utf8_is_ascii(view_of("0123456789")));
	assert_false(utf8_is_ascii(view_of("01\x80" "3456789")));
	assert_false(utf8_is_ascii(view_of("0123456789\xff")));
}

static void
test_characters(void **state UNUSED)
{
	struct str s = { 0 };

	for (uint32_t c = 0; c < 0x110100; c++) {
		bool good = c < 0x110000 && (c < 0xD800 || c > 0xDFFF);
		struct view v;
		uint32_t again;

		str_reset(&s);
		utf8_put(&s, c);
		v = str_view(&s);
		assert_true(utf8_get(&v, &again));
		assert_int_equal(again, good ? c : UTF8_REPLACEMENT);
		assert_int_equal(v.n, 0);
	}
	str_free(&s);
}

static void
test_utf7(void **state UNUSED)
{
	static const struct {
		const char *utf8, *utf7;
	} cases[] = {
		{ "INBOX", "INBOX" },
		{ "", "" },
		{ "a&b", "a&-b" },
		{ "Entw\xc3\xbcrfe", "Entw&APw-rfe" },
		{ "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c"
		    "\xac\xe8\xaa\x9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
		{ "\xf0\x9f\x98\x80", "&2D3eAA-" },
		{ "\xc3\xa4&", "&AOQ-&-" },
		{ NULL, "&AEE-" },	/* "A" needs no shift */
		{ NULL, "&" },
		{ NULL, "a&b" },
		{ NULL, "&AOQ" },
		{ NULL, "&AOQ-&AOQ-" },	/* one shift would do */
		{ NULL, "&AOR-" },	/* bits left over */
		{ NULL, "&2D0-" },	/* half a pair */
		{ NULL, "&3gA-" },
		{ NULL, "&A-" },
		{ NULL, "\xc3\xa4" },
		{ NULL, "&AO/-" },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };

		assert_int_equal(utf7_decode(&out, view_of(cases[i].utf7)),
		    cases[i].utf8 != NULL);
		assert_string_equal(str_c(&out), cases[i].utf8 ?
		    cases[i].utf8 : "");
		str_reset(&out);
		if (cases[i].utf8 != NULL) {
			assert_true(utf7_encode(&out, view_of(cases[i].utf8)));
			assert_string_equal(str_c(&out), cases[i].utf7);
		}
		str_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_utf7),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
