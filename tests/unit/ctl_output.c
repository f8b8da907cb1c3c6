/* SPDX-License-Identifier: ISC */
/*
 * ctl_output - foreign octets on a terminal and in JSON
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/output.h"

static void
clean(UNUSED void **state)
{
	static const char *const cases[][2] = {
		{ "user@x.test", "user@x.test" },
		{ "J\303\266rg \346\227\245", "J\303\266rg \346\227\245" },
		{ "\033[31m\177\r\n\t", "?[31m????" },
		/* CSI as U+009B, and as an octet */
		{ "a\302\23331m", "a?31m" },
		{ "a\23331m", "a?31m" },
		{ "\302\237\302\240", "?\302\240" },
	};
	struct str s = { 0 };

	for (size_t i = 0; i < nitems(cases); i++)
		assert_string_equal(output_clean(view_of(cases[i][0])),
		    cases[i][1]);
	/* what is too long ends with a character */
	for (size_t i = 0; i < 200; i++)
		str_adds(&s, "\303\266");
	assert_int_equal(strlen(output_clean(str_view(&s))), 254);
	str_free(&s);
}

static void
assert_json(struct view v, struct view expected)
{
	json_t *j = output_text(v);

	assert_true(view_eq(view_bytes(json_string_value(j),
	    json_string_length(j)), expected));
	json_decref(j);
}

static void
json(UNUSED void **state)
{
	struct str s = { 0 }, expected = { 0 };

	assert_json(VIEW_NONE, VIEW_LIT(""));
	assert_json(VIEW_LIT("a\\ \303\266\0b"),
	    VIEW_LIT("a\\ \303\266\0b"));
	assert_json(VIEW_LIT("a b\\\303\266\0\374\n"),
	    VIEW_LIT("a b\\x5c\303\266\0\\xfc\n"));
	/* a whole mail is not cut */
	for (size_t i = 0; i < 10000; i++) {
		str_adds(&s, "Gr\374sse\r\n");
		str_adds(&expected, "Gr\\xfcsse\r\n");
	}
	assert_json(str_view(&s), str_view(&expected));
	str_free(&s);
	str_free(&expected);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
