/* SPDX-License-Identifier: ISC */
/*
 * mail_relay_logins - lines of that file, right and wrong
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/mail/relay_logins.h"

static const struct {
	const char *line;
	const char *name, *user, *password;	/* NULL: is none */
	const char *wrong;		/* its beginning */
} cases[] = {
	{ "", NULL, NULL, NULL, NULL },
	{ "  # x y z", NULL, NULL, NULL, NULL },
	{ "a b c", "a", "b", "c", NULL },
	{ "\ta  b\t c \r", "a", "b", "c", NULL },
	{ "a b #c\"d", "a", "b", "#c\"d", NULL },
	{ "a b \"\"", "a", "b", "", NULL },
	{ "\"a\" \"b c\" \"d \\\" \\\\\"", "a", "b c", "d \" \\", NULL },
	{ "a b\\c d", "a", "b\\c", "d", NULL },
	{ "a b", NULL, NULL, NULL, "a line has" },
	{ "a b c d", NULL, NULL, NULL, "there is something behind" },
	{ "a \"b c", NULL, NULL, NULL, "a quote is not closed" },
	{ "a \"b\"c d", NULL, NULL, NULL, "a blank is missing" },
	{ "a \"b\\c\" d", NULL, NULL, NULL, "in quotes" },
	{ "a \"\" d", NULL, NULL, NULL, "the user name is empty" },
	{ "\"a b\" c d", NULL, NULL, NULL, "the name is not" },
	{ "\xc3\xa4 c d", NULL, NULL, NULL, "the name is not" },
};

static void
lines(void **unused UNUSED)
{
	struct relay_login l = { .name = { 0 } };

	for (size_t i = 0; i < nitems(cases); i++) {
		const char *wrong;
		bool ok = relay_login_read(view_of(cases[i].line), &l, &wrong);

		assert_int_equal(ok, cases[i].name != NULL);
		if (cases[i].wrong != NULL)
			assert_true(wrong != NULL && view_starts(view_of(wrong),
			    view_of(cases[i].wrong)));
		else
			assert_null(wrong);
		if (!ok)
			continue;
		assert_true(view_is(str_view(&l.name), cases[i].name));
		assert_true(view_is(str_view(&l.user), cases[i].user));
		assert_true(view_is(str_view(&l.password), cases[i].password));
	}
	relay_login_free(&l);
}

static void
too_long(void **unused UNUSED)
{
	struct relay_login l = { .name = { 0 } };
	struct str line = { 0 };
	const char *wrong;

	str_adds(&line, "a b ");
	for (int i = 0; i < RELAY_LOGIN_TEXT; i++)
		str_addc(&line, 'x');
	assert_true(relay_login_read(str_view(&line), &l, &wrong));
	str_addc(&line, 'x');
	assert_false(relay_login_read(str_view(&line), &l, &wrong));
	assert_string_equal(wrong, "a word is too long");
	while (line.n <= RELAY_LOGINS_LINE)
		str_addc(&line, 'x');
	assert_false(relay_login_read(str_view(&line), &l, &wrong));
	assert_string_equal(wrong, "the line is too long");
	assert_false(relay_login_read(VIEW_LIT("a b c\0d"), &l, &wrong));
	assert_non_null(wrong);
	relay_login_free(&l);
	str_free(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
