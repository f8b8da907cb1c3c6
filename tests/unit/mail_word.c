/* SPDX-License-Identifier: ISC */
/*
 * mail_word - encoded words, character sets and letters without case
 * (lib/mail/word.h, lib/mail/charset.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "lib/mail/charset.h"
#include "lib/mail/utf8.h"
#include "lib/mail/word.h"

static const char *const decodes[][2] = {
	{ "plain text", "plain text" },
	{ "folded\r\n text", "folded text" },
	{ "=?utf-8?Q?J=C3=B6rg?=", "J\xc3\xb6rg" },
	{ "=?ISO-8859-1?B?SvZyZw==?= x", "J\xc3\xb6rg x" },
	{ "=?us-ascii*en?q?a_b?=", "a b" },
	{ "=?utf-8?q?a?= =?utf-8?q?b?=\r\n =?utf-8?q?c?=", "abc" },
	{ "=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c" },
	{ "=?utf-8?Q?=C3?= =?utf-8?Q?=B6?=", "\xc3\xb6" },
	{ "=?iso-8859-1?q?=F6?= =?utf-8?q?=C3=B6?=", "\xc3\xb6\xc3\xb6" },
	{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "=?gb2312?B?xOO6ww==?=", "\xe4\xbd\xa0\xe5\xa5\xbd" },
	{ "=?koi8-r?B?zcnS?=", "\xd0\xbc\xd0\xb8\xd1\x80" },
	{ "=?nonsense?q?a=F6?=", "a\xef\xbf\xbd" },
	{ "=?utf-8?x?abc?=", "=?utf-8?x?abc?=" },
	{ "=?utf-8?q?abc", "=?utf-8?q?abc" },
	{ "=?utf-8?q?a b?=", "=?utf-8?q?a b?=" },
	{ "=?=?=?utf-8?q?a?=", "=?=?a" },
	{ "J\xf6rg \x80", "J\xc3\xb6rg \xe2\x82\xac" },
	{ "J\xc3\xb6rg", "J\xc3\xb6rg" },
	{ "a\x01\x7f=?utf-8?q?=00=0A?=", "a    " },
	{ "", "" },
};

static void
test_decode(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(decodes); i++) {
		struct str out = { 0 };

		word_decode(&out, view_of(decodes[i][0]));
		assert_string_equal(str_c(&out), decodes[i][1]);
		str_free(&out);
	}
}

static void
test_encode(void **state UNUSED)
{
	static const char *const texts[] = { "plain", "J\xc3\xb6rg Plain",
		"=?not a word", "tab\there", "\xe6\x97\xa5\xe6\x9c\xac",
		"a, (b) \"c\" \xc3\xa4" };

	for (size_t i = 0; i < nitems(texts) * 2; i++) {
		struct str in = { 0 }, out = { 0 }, again = { 0 };
		struct view rest, word;

		for (size_t n = 0; n < (i & 1 ? 50 : 1); n++)
			str_adds(&in, texts[i / 2]);
		word_encode(&out, str_view(&in));
		assert_true(utf8_is_ascii(str_view(&out)));
		rest = str_view(&out);
		while (i > 1 && (word = view_word(&rest)).n > 0)
			assert_true(word.n <= 75);
		word_decode(&again, str_view(&out));
		for (size_t n = 0; n < in.n; n++)
			if (in.p[n] == '\t')
				in.p[n] = ' ';
		assert_string_equal(str_c(&again), str_c(&in));
		str_free(&in);
		str_free(&out);
		str_free(&again);
	}
}

/* Time on the processor: other work on the machine does not count. */
static int64_t
cpu_ms(void)
{
	return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

static void
test_hostile(void **state UNUSED)
{
	static const char *const pieces[] = { "=?", "=?a?q?", "?", "=?a?q?=?= ",
		"=?utf-8?b?", "=?utf-8?q?x?= ", "\xff" };

	for (size_t i = 0; i < nitems(pieces); i++) {
		struct str in = { 0 }, out = { 0 };
		int64_t begin;

		while (in.n < 1000000)
			str_adds(&in, pieces[i]);
		begin = cpu_ms();
		word_decode(&out, str_view(&in));
		assert_true(cpu_ms() - begin < 60000);	/* not squared */
		assert_true(out.n <= 3 * in.n);
		str_free(&in);
		str_free(&out);
	}
}

static void
test_charsets(void **state UNUSED)
{
	struct str out = { 0 };

	charset_open_all();
	assert_true(charset_known(view_of("Shift_JIS")));
	assert_true(charset_known(view_of("big5")));
	assert_true(charset_known(view_of("EUC-KR")));
	assert_false(charset_known(view_of("IBM1047")));
	assert_true(charset_convert(&out, view_of("windows-1252"),
	    view_of("\x80" "a\x81")));
	assert_string_equal(str_c(&out), "\xe2\x82\xac" "a\xef\xbf\xbd");
	str_reset(&out);
	assert_true(charset_convert(&out, view_of("utf-8"),
	    view_of("a\xff" "b\xc3")));
	assert_string_equal(str_c(&out), "a\xef\xbf\xbd" "b\xef\xbf\xbd");
	str_reset(&out);
	assert_true(charset_convert(&out, view_of("shift_jis"),
	    view_of("\x93\xfa\x96")));
	assert_string_equal(str_c(&out), "\xe6\x97\xa5\xef\xbf\xbd");
	str_reset(&out);
	for (size_t i = 0; i < 100000; i++)
		charset_convert(&out, view_of("iso-8859-1"), view_of("\xe4"));
	assert_int_equal(out.n, 200000);
	str_free(&out);
	charset_close_all();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_charsets),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	charset_close_all();
	return failed;
}
