/* SPDX-License-Identifier: ISC */
/*
 * proc_turns - handshakes one after the other while a user works, and all at once
 * when none does
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/proc/fiber.h"
#include "lib/proc/turns.h"

#define STRANGERS 20

static size_t gone, together, most;
static bool late;

/* Those that go on without anybody else having had a turn between. */
static void
turn_ends(void *arg UNUSED)
{
	if (together > most)
		most = together;
	together = 0;
}

static void
stranger(void *arg UNUSED)
{
	if (!turns_take(deadline_in(10000))) {
		late = true;
		return;
	}
	gone++;
	if (together++ == 0)
		loop_defer(turn_ends, NULL);
}

static void
hurried(void *arg UNUSED)
{
	late = !turns_take(deadline_in(0));
}

static void
user(void *arg UNUSED)
{
	for (int i = 0; gone < STRANGERS && i < 5000; i++) {
		turns_work();
		fiber_sleep(1);
	}
	loop_stop();
}

static void
look(void *arg UNUSED)
{
	fiber_sleep(1);
	loop_stop();
}

static void
begin(size_t n)
{
	gone = together = most = 0;
	late = false;
	for (size_t i = 0; i < n; i++)
		fiber_start(stranger, NULL);
}

static void
nobody_works(void **state UNUSED)
{
	begin(STRANGERS);
	fiber_start(look, NULL);
	loop_run();
	assert_int_equal(gone, STRANGERS);
	assert_int_equal(most, STRANGERS);
}

static void
a_user_works(void **state UNUSED)
{
	turns_work();
	begin(STRANGERS);
	fiber_start(user, NULL);
	loop_run();
	assert_int_equal(gone, STRANGERS);
	assert_int_equal(most, 1);
	assert_false(late);
}

/* The user falls silent: they go on without him. */
static void
silence(void **state UNUSED)
{
	turns_work();
	begin(STRANGERS);
	for (int i = 0; gone < STRANGERS && i < 1000; i++) {
		fiber_start(look, NULL);
		loop_run();
	}
	assert_int_equal(gone, STRANGERS);
	assert_int_equal(most, 1);
}

static void
too_late(void **state UNUSED)
{
	turns_work();
	begin(1);		/* it has the turn */
	fiber_start(hurried, NULL);
	fiber_start(look, NULL);
	loop_run();
	assert_int_equal(gone, 1);
	assert_true(late);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nobody_works),
		cmocka_unit_test(a_user_works), cmocka_unit_test(silence),
		cmocka_unit_test(too_late) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
