/* SPDX-License-Identifier: ISC */
/*
 * proc_crowd - counting clients, networks and their rate, in bounded memory
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/proc/crowd.h"

static int64_t now = 1000000;

static struct address16
address(const char *text)
{
	struct address16 a;

	assert_true(address16_parse(view_of(text), &a));
	return a;
}

static enum crowd_verdict
enter(struct crowd_spot *spot, const char *text,
    const struct crowd_limits *most)
{
	struct address16 a = address(text);

	return crowd_enter(spot, &a, most, now);
}

static void
counts_clients_and_networks(void **state)
{
	const struct crowd_limits most = { 2, 3, 1000 };
	struct crowd_spot s[4];

	(void)state;
	assert_int_equal(enter(&s[0], "192.0.2.1", &most), CROWD_FINE);
	assert_int_equal(enter(&s[1], "192.0.2.1", &most), CROWD_FINE);
	assert_int_equal(enter(&s[2], "192.0.2.1", &most), CROWD_CLIENT);
	assert_int_equal(crowd_network(&s[2]), 0);
	assert_int_equal(enter(&s[2], "192.0.2.2", &most), CROWD_FINE);
	assert_int_equal(crowd_network(&s[0]), 3);
	assert_int_equal(enter(&s[3], "192.0.2.3", &most), CROWD_NETWORK);
	assert_int_equal(enter(&s[3], "192.0.3.3", &most), CROWD_FINE);
	crowd_leave(&s[0]);
	crowd_leave(&s[0]);	/* once only */
	assert_int_equal(enter(&s[0], "192.0.2.3", &most), CROWD_FINE);
	for (size_t i = 0; i < nitems(s); i++)
		crowd_leave(&s[i]);
}

static void
takes_ipv6_by_64_and_48(void **state)
{
	const struct crowd_limits most = { 1, 2, 1000 };
	struct crowd_spot s[3];

	(void)state;
	assert_int_equal(enter(&s[0], "2001:db8:0:1::1", &most), CROWD_FINE);
	assert_int_equal(enter(&s[1], "2001:db8:0:1:f::9", &most),
	    CROWD_CLIENT);
	assert_int_equal(enter(&s[1], "2001:db8:0:2::1", &most), CROWD_FINE);
	assert_int_equal(enter(&s[2], "2001:db8:0:3::1", &most),
	    CROWD_NETWORK);
	assert_int_equal(enter(&s[2], "2001:db8:1:3::1", &most), CROWD_FINE);
	for (size_t i = 0; i < nitems(s); i++)
		crowd_leave(&s[i]);
}

static void
limits_the_rate(void **state)
{
	const struct crowd_limits most = { 100, 100, 6 };
	struct crowd_spot s;

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_int_equal(enter(&s, "198.51.100.1", &most), CROWD_FINE);
		crowd_leave(&s);
	}
	assert_int_equal(enter(&s, "198.51.100.1", &most), CROWD_RATE);
	assert_int_equal(enter(&s, "198.51.100.2", &most), CROWD_FINE);
	crowd_leave(&s);
	now += 9999;
	assert_int_equal(enter(&s, "198.51.100.1", &most), CROWD_RATE);
	now += 1;
	assert_int_equal(enter(&s, "198.51.100.1", &most), CROWD_FINE);
	crowd_leave(&s);
	assert_int_equal(enter(&s, "198.51.100.1", &most), CROWD_RATE);
	now += 600000;
	assert_int_equal(enter(&s, "198.51.100.1", &most), CROWD_FINE);
	crowd_leave(&s);
}

/* A million addresses leave no more behind than is allowed. */
static void
stays_small(void **state)
{
	const struct crowd_limits most = { 10, 1000000, 6 };
	struct address16 a = address("10.0.0.0");
	struct crowd_spot s;

	(void)state;
	for (unsigned i = 0; i < 1000000; i++) {
		a.octet[13] = (unsigned char)(i >> 16);
		a.octet[14] = (unsigned char)(i >> 8);
		a.octet[15] = (unsigned char)i;
		assert_int_equal(crowd_enter(&s, &a, &most, now), CROWD_FINE);
		crowd_leave(&s);
		assert_true(crowd_size() <= CROWD_KEPT + 8);
	}
	now += 600000;
	for (unsigned i = 0; i < CROWD_KEPT; i++) {
		crowd_enter(&s, &a, &most, now);
		crowd_leave(&s);
		now += 60000;
	}
	assert_true(crowd_size() <= 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_clients_and_networks),
		cmocka_unit_test(takes_ipv6_by_64_and_48),
		cmocka_unit_test(limits_the_rate),
		cmocka_unit_test(stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
