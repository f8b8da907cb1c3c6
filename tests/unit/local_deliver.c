/* SPDX-License-Identifier: ISC */
/*
 * local_deliver - which mailbox an address asks for (local/deliver.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "local/deliver.h"

static void
test_mailbox(void **state UNUSED)
{
	static const struct {
		const char *address, *delimiters, *mailbox;
	} cases[] = {
		{ "bob@example.test", "+", "" },
		{ "bob+lists@example.test", "+", "lists" },
		{ "bob+a+b@example.test", "+", "a+b" },
		{ "bob+@example.test", "+", "" },
		{ "+bob@example.test", "+", "" },
		{ "bob+lists@example.test", "", "" },
		{ "bob-lists@example.test", "+-", "lists" },
		{ "bob+lists", "+", "lists" },
		{ "bob+caf\xc3\xa9@example.test", "+", "caf\xc3\xa9" },
		{ "bob+caf\xe9@example.test", "+", "" },
		{ "bob+a\tb@example.test", "+", "" },
		{ "", "+", "" },
	};

	for (size_t i = 0; i < nitems(cases); i++)
		assert_true(view_is(deliver_mailbox(view_of(cases[i].address),
		    cases[i].delimiters), cases[i].mailbox));
}

static void
test_too_long(void **state UNUSED)
{
	struct str s = { 0 };

	str_adds(&s, "bob+");
	for (int i = 0; i < 256; i++)
		str_addc(&s, 'x');
	str_adds(&s, "@example.test");
	assert_int_equal(deliver_mailbox(str_view(&s), "+").n, 0);
	str_free(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
