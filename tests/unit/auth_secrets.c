/* SPDX-License-Identifier: ISC */
/*
 * auth_secrets - password schemes, the cache of right ones, the penalties
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/cache.h"
#include "auth/penalty.h"
#include "lib/base/str.h"
#include "lib/mail/scheme.h"

/* "wonderland" in the forms that are found in real files */
static const struct {
	const char *secret, *password;
	bool right;
} cases[] = {
	{ "{PLAIN}wonderland", "wonderland", true },
	{ "{plain}wonderland", "wonderland", true },
	{ "{PLAIN}wonderland", "Wonderland", false },
	{ "{PLAIN}wonderland", "wonderlan", false },
	{ "{PLAIN}", "x", false },
	{ "{PLAIN} a b ", " a b ", true },
	{ "{PLAIN} a b ", "a b", false },
	{ "{CRYPT}$5$saltsalt$9gQUDwVd5xKwjHPvSRYSzpwpzvR2hbktIUzZRLsn0R/",
	    "nothing", false },
	{ "{CRYPT}", "wonderland", false },
	{ "", "wonderland", false },
	{ "*", "wonderland", false },
	{ "!", "wonderland", false },
	{ "*0", "wonderland", false },
	{ "{CRYPT}*1", "wonderland", false },
};

static void
test_schemes(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct view hash;
		const struct scheme *s =
		    scheme_of(view_of(cases[i].secret), &hash);

		assert_non_null(s);
		if (s->check(view_of(cases[i].password), hash) !=
		    cases[i].right)
			fail_msg("%s %s", cases[i].secret, cases[i].password);
	}
}

static void
test_unknown(void **state UNUSED)
{
	static const char *const secrets[] = { "{ROT13}x", "{}x", "{", "{x",
		"{SSHA}x" };
	struct view hash;

	for (size_t i = 0; i < nitems(secrets); i++)
		assert_null(scheme_of(view_of(secrets[i]), &hash));
}

/* Every kind that libxcrypt makes verifies, with and without its scheme. */
static void
test_crypt(void **state UNUSED)
{
	static const char *const hashes[] = {
		"{CRYPT}$y$j9T$abcdefghijklmnopqrstu.$W0zGMgVbYs9hqKeYNENi4"
		"LfdBhz.jCEx3yT4GFdyai8",
		"{SHA512-CRYPT}$6$saltstring$Q78qN3hztgTquoWC9NtuDHj45jbqRG"
		"GbA4LEwaFxw3MHtUvbisWpNl2GcJxgV8s4WnkDTKEyViX3xD6jBJP0B0",
		"{BLF-CRYPT}$2b$05$abcdefghijklmnopqrstuuA0vov2GDneHB3.8.cv"
		"9UF9g.RdvScIW",
		"$5$saltstring$P8WxiZdsQgEV/WrUJLFhcY321KVz2YovpJcf0/DrUQ2",
	};

	for (size_t i = 0; i < nitems(hashes); i++) {
		struct view hash;
		const struct scheme *s = scheme_of(view_of(hashes[i]), &hash);

		assert_non_null(s);
		assert_true(s->slow);
		if (!s->check(VIEW_LIT("wonderland"), hash) ||
		    s->check(VIEW_LIT("wonderlane"), hash) ||
		    s->check(VIEW_NONE, hash))
			fail_msg("%s", hashes[i]);
	}
	scheme_prepare();
	scheme_pretend(VIEW_LIT("anything"));
}

static void
test_cache(void **state UNUSED)
{
	struct cache_entry a, b, c;

	cache_start();
	cache_entry(&a, VIEW_LIT("u@d"), VIEW_LIT("hash"), VIEW_LIT("pw"));
	cache_entry(&b, VIEW_LIT("u@d"), VIEW_LIT("hash2"), VIEW_LIT("pw"));
	cache_entry(&c, VIEW_LIT("u@d"), VIEW_LIT("has"), VIEW_LIT("hpw"));
	assert_false(cache_has(&a, 1000));
	cache_put(&a, 1000);
	assert_true(cache_has(&a, 1001));
	assert_false(cache_has(&b, 1001));
	assert_false(cache_has(&c, 1001));
	assert_false(cache_has(&a, 1000 + 60000));
	/* full many times over, it still works */
	for (int i = 0; i < 100000; i++) {
		cache_entry(&b, VIEW_LIT("u@d"), VIEW_LIT("hash"),
		    view_bytes(&i, sizeof(i)));
		cache_put(&b, 2000 + i);
	}
	assert_true(cache_has(&b, 102000));
}

static void
test_penalty(void **state UNUSED)
{
	struct view mallory = VIEW_LIT("192.0.2.1");
	static const int64_t waits[] = { 500, 1000, 2000, 4000, 8000, 8000,
		8000 };

	penalty_start();
	assert_false(penalty_is_suspect(mallory, 1000000));
	for (size_t i = 0; i < nitems(waits); i++)
		assert_int_equal(penalty_add(mallory, 1000000), waits[i]);
	assert_int_equal(penalty_add(VIEW_LIT("192.0.2.2"), 1000000), 500);
	assert_true(penalty_is_suspect(mallory, 1000000));
	assert_false(penalty_is_suspect(VIEW_LIT("192.0.2.2"), 1000000));
	/* forgiven with time */
	assert_int_equal(penalty_add(mallory, 1000000 + 2 * 60000), 4000);
	assert_false(penalty_is_suspect(mallory, 1000000 + 50 * 60000));
	assert_int_equal(penalty_add(mallory, 1000000 + 60 * 60000), 500);
	/* a /64 of IPv6 counts as one, mapped IPv4 addresses do not */
	assert_int_equal(penalty_add(VIEW_LIT("2001:db8::1"), 1), 500);
	assert_int_equal(penalty_add(VIEW_LIT("2001:db8::2:3"), 1), 1000);
	assert_int_equal(penalty_add(VIEW_LIT("::ffff:192.0.2.7"), 1), 500);
	assert_int_equal(penalty_add(VIEW_LIT("::ffff:192.0.2.8"), 1), 500);
	/* more addresses than fit */
	for (int i = 0; i < 20000; i++) {
		struct str s = { 0 };

		str_addf(&s, "10.%d.%d.1", i / 200, i % 200);
		assert_in_range(penalty_add(str_view(&s), 10000000), 500,
		    8000);
		str_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_crypt),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_penalty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
