/* SPDX-License-Identifier: ISC */
/*
 * master_programs - the table of programs agrees with itself
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "master/child.h"
#include "master/programs.h"

static void
peers_name_each_other(UNUSED void **state)
{
	for (size_t i = 0; i < program_rows_n; i++)
		for (size_t k = 0; k < program_rows_n; k++) {
			const struct program_row *a = &program_rows[i];
			const struct program_row *b = &program_rows[k];

			assert_int_equal((a->peers & b->role) != 0,
			    (b->peers & a->role) != 0);
			assert_int_equal(programs_are_peers(a->role, b->role),
			    (a->peers & b->role) != 0);
		}
}

static void
every_child_role_has_a_row(UNUSED void **state)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (1u << i & ROLE_CHILDREN)
			assert_int_equal(program_row(1u << i)->role, 1u << i);
	assert_int_equal(program_rows_n, ROLE_COUNT - 2);
}

static void
numbers_follow_the_settings(UNUSED void **state)
{
	static const char text[] =
	    "store_instances = 3\n"
	    "[listener a]\naddress = 127.0.0.1:25\nprocesses = 2\n"
	    "[listener b]\naddress = 127.0.0.1:26\nprocesses = 5\n"
	    "[listener c]\naddress = 127.0.0.1:143\nprotocol = imap\n";
	struct str errors = { 0 };
	struct settings *s = settings_parse(view_of(text), &errors);
	struct settings *none = settings_parse(VIEW_NONE, &errors);

	assert_non_null(s);
	assert_int_equal(program_instances(program_row(ROLE_STORE), s), 3);
	assert_int_equal(program_instances(program_row(ROLE_QUEUE), s), 1);
	assert_int_equal(program_processes(program_row(ROLE_SMTPD), s), 5);
	assert_int_equal(program_processes(program_row(ROLE_IMAPD), s), 8);
	assert_int_equal(program_processes(program_row(ROLE_POP3D), s), 0);
	/* only sendmail's way in is left */
	assert_int_equal(program_processes(program_row(ROLE_SMTPD), none), 8);
	settings_free(&s);
	settings_free(&none);
	str_free(&errors);
}

static void
back_off_grows_to_a_minute(UNUSED void **state)
{
	int64_t last = -1;

	assert_int_equal(child_backoff(0), 0);
	for (uint32_t n = 0; n < 100; n++) {
		assert_true(child_backoff(n) >= last);
		assert_true(child_backoff(n) <= 60000);
		last = child_backoff(n);
	}
	assert_int_equal(child_backoff(100), 60000);
	assert_int_equal(child_backoff(UINT32_MAX), 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_name_each_other),
		cmocka_unit_test(every_child_role_has_a_row),
		cmocka_unit_test(numbers_follow_the_settings),
		cmocka_unit_test(back_off_grows_to_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
