/* SPDX-License-Identifier: ISC */
/*
 * smtp_sts_policy - records and policies of MTA-STS, and which hosts they list
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "smtp/sts_policy.h"

static void
records(void **unused UNUSED)
{
	static const struct {
		const char *txt, *id;	/* NULL: no record; "": cannot be read */
	} cases[] = {
		{ "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
		{ "v=STSv1;id=1", "1" },
		{ "v=STSv1; x=y; id=a ; id=b", "a" },
		{ "v=STSv1;", "" },
		{ "v=STSv1; id=", "" },
		{ "v=STSv1; id=a-b", "" },
		{ "v=STSv1; id=a123456789012345678901234567890123", "" },
		{ "v=STSv2; id=1", NULL },
		{ "v=stsv1; id=1", NULL },
		{ "v=spf1 -all", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct view id;

		assert_int_equal(sts_record(view_of(cases[i].txt), &id),
		    cases[i].id != NULL);
		if (cases[i].id != NULL)
			assert_true(view_is(id, cases[i].id));
	}
}

static const struct {
	const char *text;
	const char *wrong;
	enum sts_mode mode;
	uint32_t max_age;
	size_t nmx;
} policies[] = {
	{ "version: STSv1\r\nmode: enforce\r\nmx: a.test\r\nmx: *.b.test\r\n"
	  "max_age: 604800\r\n", NULL, STS_ENFORCE, 604800, 2 },
	{ "max_age:1\nmx:A.test\nmode:testing\nfuture: x\nversion:STSv1", NULL,
	    STS_TESTING, 1, 1 },
	{ "version: STSv1\nmode: none\nmax_age: 86400\n", NULL, STS_NONE, 86400,
	    0 },
	{ "version: STSv1\nmode: enforce\nmode: none\nmax_age: 9999999999\n"
	  "max_age: 1\nmx: a\n", NULL, STS_ENFORCE, STS_AGE_MOST, 1 },
	{ "version: STSv2\nmode: none\nmax_age: 1\n",
	    "it is not of version STSv1", 0, 0, 0 },
	{ "mode: none\nmax_age: 1\n", "it has no version", 0, 0, 0 },
	{ "version: STSv1\nmax_age: 1\nmx: a\n", "it has no mode", 0, 0, 0 },
	{ "version: STSv1\nmode: enforce\nmax_age: 1\n", "it has no mx", 0, 0,
	    0 },
	{ "version: STSv1\nmode: none\n", "it has no max_age", 0, 0, 0 },
	{ "version: STSv1\nmode: none\nmax_age: -1\n",
	    "its max_age is no number of seconds", 0, 0, 0 },
	{ "version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a\n",
	    "its mode is none of enforce, testing and none", 0, 0, 0 },
	{ "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a*.b.test\n",
	    "an mx is no host name", 0, 0, 0 },
	{ "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.test\n",
	    "an mx is no host name", 0, 0, 0 },
	{ "version: STSv1\nmode: enforce\nmax_age: 1\nmx: *\n",
	    "an mx is no host name", 0, 0, 0 },
	{ "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a..b\n",
	    "an mx is no host name", 0, 0, 0 },
	{ "<html>", "it has no version", 0, 0, 0 },
	{ "", "it has no version", 0, 0, 0 },
};

static void
texts(void **unused UNUSED)
{
	for (size_t i = 0; i < nitems(policies); i++) {
		struct sts_policy p;
		const char *wrong;
		bool ok = sts_policy_read(view_of(policies[i].text), &p,
		    &wrong);

		if (policies[i].wrong != NULL) {
			assert_false(ok);
			assert_string_equal(wrong, policies[i].wrong);
			continue;
		}
		assert_true(ok);
		assert_int_equal(p.mode, policies[i].mode);
		assert_int_equal(p.max_age, policies[i].max_age);
		assert_int_equal(p.nmx, policies[i].nmx);
		sts_policy_free(&p);
	}
}

static void
hosts(void **unused UNUSED)
{
	static const struct {
		const char *host;
		bool listed;
	} cases[] = {
		{ "mx.a.test", true }, { "MX.A.TEST", true },
		{ "a.test", false }, { "x.mx.a.test", false },
		{ "x.b.test", true }, { "y.x.b.test", false },
		{ "b.test", false }, { ".b.test", true }, { "", false },
	};
	struct sts_policy p;
	const char *wrong;

	assert_true(sts_policy_read(VIEW_LIT("version: STSv1\nmode: enforce\n"
	    "max_age: 1\nmx: mx.A.test\nmx: *.B.test\n"), &p, &wrong));
	for (size_t i = 0; i < nitems(cases); i++)
		assert_int_equal(sts_policy_lists(&p, view_of(cases[i].host)),
		    cases[i].listed);
	sts_policy_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(texts),
		cmocka_unit_test(hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
