/* SPDX-License-Identifier: ISC */
/*
 * router_rate - recipients of an hour that slides (router/rate.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "router/rate.h"

static const struct view alice = VIEW_LIT("alice@one.test");

static size_t
take(struct view login, size_t n, int64_t now)
{
	size_t taken = 0;
	bool first;

	while (n-- > 0)
		taken += rate_take(login, 10, now, &first);
	return taken;
}

static void
test_hour(void **state UNUSED)
{
	assert_int_equal(take(alice, 4, 10000), 4);
	assert_true(rate_is_free(alice, 10, 10000));
	assert_int_equal(take(alice, 20, 11000), 6);
	assert_false(rate_is_free(alice, 10, 11000));
	assert_int_equal(take(VIEW_LIT("bob@one.test"), 20, 11000), 10);
	/* nothing is given back within the hour, all within five minutes */
	assert_int_equal(take(alice, 20, 13599), 0);
	assert_int_equal(take(alice, 20, 13900), 4);
	assert_int_equal(take(alice, 20, 14600), 0);
	assert_int_equal(take(alice, 20, 14901), 6);
	assert_int_equal(take(alice, 20, 1000000), 10);
	rate_clear();
}

/* At no moment have more than the limit passed in the hour before. */
static void
test_every_hour(void **state UNUSED)
{
	enum { SECONDS = 4 * 3600 };
	static size_t at[SECONDS];
	size_t total = 0;

	for (int64_t t = 0; t < SECONDS; t++) {
		at[t] = total += take(alice, (size_t)(t * 7919 % 5 == 0), t);
		if (t >= 3600)
			assert_true(at[t] - at[t - 3600] <= 10);
	}
	assert_true(total >= 30);
	rate_clear();
}

static void
test_warned_once_an_hour(void **state UNUSED)
{
	bool first;

	take(alice, 10, 0);
	assert_false(rate_take(alice, 10, 0, &first));
	assert_true(first);
	assert_false(rate_take(alice, 10, 1, &first));
	assert_false(first);
	take(alice, 10, 3901);
	assert_false(rate_take(alice, 10, 3902, &first));
	assert_true(first);
	rate_clear();
}

static void
test_bounded(void **state UNUSED)
{
	char name[32];

	take(alice, 10, 100);
	for (int i = 0; i < RATE_LOGINS_MOST - 1; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		take(view_of(name), 1, 100);
	}
	assert_int_equal(take(alice, 1, 100), 0);
	take(VIEW_LIT("one more"), 1, 100);
	assert_int_equal(take(alice, 1, 100), 0);	/* was seen just now */
	for (int i = 0; i < RATE_LOGINS_MOST; i++) {
		snprintf(name, sizeof(name), "v%d", i);
		take(view_of(name), 1, 100);
	}
	assert_int_equal(take(alice, 1, 100), 1);
	rate_clear();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hour),
		cmocka_unit_test(test_every_hour),
		cmocka_unit_test(test_warned_once_an_hour),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
