/* SPDX-License-Identifier: ISC */
/*
 * mail_date - the forms of dates (lib/mail/date.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "lib/mail/date.h"

struct parse_case {
	const char *text;
	bool ok;
	int64_t seconds;
	int zone;
};

static const struct parse_case headers[] = {
	{ "Thu, 1 Jan 1970 00:00:00 +0000", true, 0, 0 },
	{ "Wed, 17 Jul 1996 02:44:25 -0700", true, 837596665, -420 },
	{ "17 Jul 1996 02:44:25 -0700", true, 837596665, -420 },
	{ "17 Jul 96 02:44 PDT", true, 837596640, -420 },
	{ "Wed,17 Jul 096 02:44:25 pdt", true, 837596665, -420 },
	{ " Thu (day),\r\n 13 (x(y)) Feb 1969 23:32:00 -0330 (NFT)", true,
	    -27723480, -210 },
	{ "1 January 2000 0:0 GMT", true, 946684800, 0 },
	{ "1-Jan-2000 00:00:00 Z", true, 946684800, 0 },
	{ "29 Feb 2000 12:00:00 UT", true, 951825600, 0 },
	{ "31 Dec 1998 23:59:60 +0000", true, 915148799, 0 },
	{ "1 Jan 2000 00:00:00", true, 946684800, 0 },
	{ "1 Jan 2000 00:00:00 XYZ", true, 946684800, 0 },
	{ "1 Jan 70 00:00:00 +0000", true, 0, 0 },
	{ "1 Jan 49 00:00:00 +0000", true, 2493072000, 0 },
	{ "29 Feb 1900 12:00:00 UT", false, 0, 0 },
	{ "32 Jan 2000 00:00:00 +0000", false, 0, 0 },
	{ "0 Jan 2000 00:00:00 +0000", false, 0, 0 },
	{ "1 Foo 2000 00:00:00 +0000", false, 0, 0 },
	{ "1 Jan 20000 00:00:00 +0000", false, 0, 0 },
	{ "1 Jan 2000 24:00:00 +0000", false, 0, 0 },
	{ "1 Jan 2000 00:00:00 +0060", false, 0, 0 },
	{ "1 Jan 2000 00:00:00 +2400", false, 0, 0 },
	{ "1 Jan 2000 00:00:00 +0000 rest", false, 0, 0 },
	{ "1 Jan 2000 00:00:00 (open", false, 0, 0 },
	{ "1 Jan 2000 00:00:00 (open \\", false, 0, 0 },
	{ "", false, 0, 0 },
	{ "Mon", false, 0, 0 },
};

static const struct parse_case internals[] = {
	{ "17-Jul-1996 02:44:25 -0700", true, 837596665, -420 },
	{ " 1-Jan-1970 00:00:00 +0000", true, 0, 0 },
	{ "01-jan-1970 01:30:00 +0130", true, 0, 90 },
	{ "17-Jul-1996 2:44:25 -0700", false, 0, 0 },
	{ "17-Jul-96 02:44:25 -0700", false, 0, 0 },
	{ "17-Jul-1996  02:44:25 -0700", false, 0, 0 },
	{ "17-Jul-1996 02:44:25", false, 0, 0 },
	{ "17-July-1996 02:44:25 -0700", false, 0, 0 },
	{ "17-Jul-1996 02:44:25 -0700 ", false, 0, 0 },
	{ "  1-Jan-1970 00:00:00 +0000", false, 0, 0 },
};

static const struct parse_case stamps[] = {
	{ "1996-07-17T02:44:25-07:00", true, 837596665, -420 },
	{ "1970-01-01t00:00:00.123z", true, 0, 0 },
	{ "1970-01-01 00:00:00Z", false, 0, 0 },
	{ "1970-01-01T00:00Z", false, 0, 0 },
	{ "1970-01-01T00:00:00+0100", false, 0, 0 },
};

static void
check(const struct parse_case *c, size_t n,
    bool (*parse)(struct view, struct date *))
{
	for (size_t i = 0; i < n; i++) {
		struct date d;

		assert_int_equal(parse(view_of(c[i].text), &d), c[i].ok);
		if (c[i].ok) {
			assert_int_equal(d.seconds, c[i].seconds);
			assert_int_equal(d.zone, c[i].zone);
		}
	}
}

static void
test_parse(void **state UNUSED)
{
	check(headers, nitems(headers), date_parse);
	check(internals, nitems(internals), date_parse_internal);
	check(stamps, nitems(stamps), date_parse_rfc3339);
}

static void
test_write(void **state UNUSED)
{
	struct str s = { 0 };
	struct date d = { 837596665, -420 };

	date_write(&s, d);
	assert_string_equal(str_c(&s), "Wed, 17 Jul 1996 02:44:25 -0700");
	str_reset(&s);
	date_write_internal(&s, (struct date){ 0, 90 });
	assert_string_equal(str_c(&s), " 1-Jan-1970 01:30:00 +0130");
	str_reset(&s);
	date_write_rfc3339(&s, d);
	assert_string_equal(str_c(&s), "1996-07-17T02:44:25-07:00");
	str_reset(&s);
	date_write_rfc3339(&s, DATE_UTC(-1));
	assert_string_equal(str_c(&s), "1969-12-31T23:59:59Z");
	str_free(&s);
}

static void
test_days(void **state UNUSED)
{
	int64_t days;

	assert_true(date_parse_day(view_of("1-Feb-1994"), &days));
	assert_int_equal(days, 8797);
	assert_true(date_parse_day(view_of("01-Jan-1970"), &days));
	assert_int_equal(days, 0);
	assert_false(date_parse_day(view_of("30-Feb-1994"), &days));
	assert_false(date_parse_day(view_of("1-Feb-94"), &days));
	assert_false(date_parse_day(view_of("1-February-1994"), &days));
	assert_false(date_parse_day(view_of("1-Fe-1994"), &days));
	assert_false(date_parse_day(view_of(" 1-Feb-1994"), &days));
	assert_false(date_parse_day(view_of("1-Feb-1994 "), &days));
	assert_int_equal(date_day((struct date){ -1, 0 }), -1);
	assert_int_equal(date_day((struct date){ -1, 1 }), 0);
	assert_int_equal(date_day((struct date){ 0, -1 }), -1);
}

/* Every day for 800 years agrees with the C library and reads back. */
static void
test_civil(void **state UNUSED)
{
	for (int64_t day = -146097; day < 146097; day++) {
		struct date_civil c = date_to_civil(day);
		time_t t = (time_t)(day * 86400);
		struct tm tm;

		gmtime_r(&t, &tm);
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(date_from_civil(c.year, c.month, c.day), day);
	}
}

static void
test_round_trip(void **state UNUSED)
{
	struct str s = { 0 };

	for (int64_t t = -60000000000; t < 200000000000; t += 1234567891) {
		struct date d = { t, (int32_t)(t % 1000) }, again;

		str_reset(&s);
		date_write(&s, d);
		assert_true(date_parse(str_view(&s), &again));
		assert_int_equal(again.seconds, t);
		assert_int_equal(again.zone, d.zone);
		str_reset(&s);
		date_write_internal(&s, d);
		assert_true(date_parse_internal(str_view(&s), &again));
		assert_int_equal(again.seconds, t);
		str_reset(&s);
		date_write_rfc3339(&s, d);
		assert_true(date_parse_rfc3339(str_view(&s), &again));
		assert_int_equal(again.seconds, t);
	}
	str_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_civil),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
