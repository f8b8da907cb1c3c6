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
		struct secret s;

		assert_true(scheme_of(view_of(cases[i].secret), &s));
		if (scheme_check(&s, view_of(cases[i].password)) !=
		    cases[i].right)
			fail_msg("%s %s", cases[i].secret, cases[i].password);
	}
}

static void
test_unknown(void **state UNUSED)
{
	static const char *const secrets[] = { "{ROT13}x", "{}x", "{", "{x",
		"{PLAIN.rot13}x", "{PLAIN.}x", "{CRYPT.b64.hex}x" };
	struct secret s;

	for (size_t i = 0; i < nitems(secrets); i++)
		assert_false(scheme_of(view_of(secrets[i]), &s));
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
		struct secret s;

		assert_true(scheme_of(view_of(hashes[i]), &s));
		assert_true(s.scheme->slow);
		if (!scheme_check(&s, VIEW_LIT("wonderland")) ||
		    scheme_check(&s, VIEW_LIT("wonderlane")) ||
		    scheme_check(&s, VIEW_NONE))
			fail_msg("%s", hashes[i]);
	}
	scheme_prepare();
	scheme_pretend(VIEW_LIT("anything"));
}

/* Made by other programs; some with an encoding of their own. */
static const char *const others[] = {
	"{SSHA}7QTz6JEzNdqm58gYFOPwWbT8V4hOYUNsMTIzNA==",
	"{SSHA256}edc14i4a0A4NWwTaJLuEAJvDyWMOPdd/CsRwF1OsGNNOYUNsM"
	    "TIzNA==",
	"{SSHA512}iSZ50vp5EvLTralXOXGzaL0cj+r1KGcAzdI2jBRfPrnitbz+S"
	    "PMWsXSXW798Z6bj6Jj36iBrbZeC6BEU2n9TIE5hQ2wxMjM0",
	"{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=",
	"{SHA1}tiY7sUhYKUwI5L3866kDY+ENcrQ=",
	"{SHA256}pxp8cBH1OhurNkLsLOElk/BSMKzo3h4+dkX2nvrBRD0=",
	"{SHA512}ku0fDfoQrWtagdEFYHEbjQ9c9VgiIcfBTHy9WUlYxzC0akkZea"
	    "pved5X1TI3/zY9iEZNFBBxylKvMcYzgvbHpg==",
	"{SHA256.hex}a71a7c7011f53a1bab3642ec2ce12593f05230ace8de1e"
	    "3e7645f69efac1443d",
	"{SSHA256.HEX} 79D735E22E1AD00E0D5B04DA24BB84009BC3C9630E3D"
	    "D77F0AC4701753AC18D34E61436C31323334 ",
	"{PLAIN.b64}d29uZGVybGFuZA==",
	"{plain.hex}776f6e6465726c616e64",
	"{CLEARTEXT}wonderland",
	"{ARGON2I}$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$GdlQau+UIt"
	    "JSdqlo8Jnt4CnDwYbOkT5klSY1YuMTto0",
	"{ARGON2I}$argon2i$v=19$m=256,t=2,p=4$c2FsdHNhbHQ$I5hyr+Ff5"
	    "y8L5VxI5dzYqCc/kq8x30BBL3WdujGBeXU",
	"{ARGON2ID}$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$aM1GHV3Q"
	    "PUQbk5S+gbfOyIph0meixdKxUnvj1U6n0xM",
	"{ARGON2ID}$argon2id$v=19$m=256,t=2,p=4$c2FsdHNhbHQ$wO9kbTT"
	    "Fw3ryolt93nnLpKu5YbyyGH7AAw91DEC3zPg",
	"{PBKDF2}$1$saltsaltsalt$5000$388bf1c504061c8ab1e2b307b06b5"
	    "d1f34655d4e",
	"{SCRAM-SHA-256}4096,MDEyMzQ1Njc4OWFiY2RlZg==,koDA4w4uESj0A"
	    "fNZTEbpK/0Fx0yK4YVjtgcbcPyVqYQ=,+wjLhweKjn9o4b6f4w3u2pPId+"
	    "QIekOvK0vJURzRXjQ=",
	"{SCRAM-SHA-1}4096,MDEyMzQ1Njc4OWFiY2RlZg==,BE+1SEpUyZ5Hez9"
	    "c4RjpXssOfDk=,jhNWA9bioCqyvIsjRLtC57Mxz3Q=",
	"{BLF-CRYPT}$2y$05$abcdefghijklmnopqrstuuA0vov2GDneHB3.8.cv"
	    "9UF9g.RdvScIW",
	"{CRYPT}$2a$05$abcdefghijklmnopqrstuuA0vov2GDneHB3.8.cv9UF9"
	    "g.RdvScIW",
	/* of the reference implementation, also before version 1.3 */
	"password:{ARGON2I}$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMh"
	    "R9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
	"password:{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EO"
	    "gLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"password:{ARGON2I}$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9"
	    "XxHvc0MLxur+GP960kN9j7emXX8zwY",
};

static void
test_others(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(others); i++) {
		struct view stored = view_of(others[i]);
		struct view password = VIEW_LIT("wonderland");
		struct secret s;

		if (stored.p[0] != '{')
			password = view_cut(&stored, ':');
		assert_true(scheme_of(stored, &s));
		if (!scheme_check(&s, password) ||
		    scheme_check(&s, VIEW_LIT("Wonderland")) ||
		    scheme_check(&s, VIEW_LIT("wonderland1")) ||
		    scheme_check(&s, VIEW_NONE))
			fail_msg("%s", others[i]);
	}
}

/* Cut short, longer, or with a character changed: never right, never a fault;
 * the time that it takes is bounded. */
static void
test_damaged(void **state UNUSED)
{
	struct secret s;

	for (size_t i = 0; i < nitems(others); i++) {
		struct view stored = view_of(others[i]);

		if (stored.p[0] != '{' || view_startsi(stored,
			VIEW_LIT("{PLAIN")) || view_startsi(stored,
			VIEW_LIT("{CLEAR")))
			continue;
		for (size_t n = view_find(stored, '}') + 1; n < stored.n; n++)
			if (scheme_of(view_bytes(stored.p, n), &s) &&
			    n != view_trim(stored).n &&
			    scheme_check(&s, VIEW_LIT("wonderland")))
				fail_msg("%zu of %s", n, others[i]);
	}
}

static const char *const absurd[] = {
	"{ARGON2ID}$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/"
	    "uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"{ARGON2ID}$argon2id$v=19$m=262144,t=4294967295,p=1$c29tZXNhbHQ$nf65EO"
	    "gLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=16777215$c29tZXNhbHQ$nf65EOgLr"
	    "QMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"{ARGON2ID}$argon2id$v=19$m=65536,t=1,p=1$$",
	"{ARGON2ID}$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EO",
	"{ARGON2ID}", "{ARGON2ID}$", "{ARGON2ID}argon2id", "{PBKDF2}",
	"{PBKDF2}$1$salt$0$00", "{PBKDF2}$1$salt$4294967295$00",
	"{PBKDF2}$2$salt$1$00", "{BLF-CRYPT}$2b$31$abcdefghijklmnopqrstuuA0vov"
	    "2GDneHB3.8.cv9UF9g.RdvScIW",
	"{CRYPT}$6$rounds=999999999$salt$x", "{SSHA}", "{SSHA}!!!!",
	"{SSHA}AAAA", "{SHA256.hex}0", "{SHA256.hex}zz", "{SCRAM-SHA-256}1,2,3",
};

static void
test_absurd(void **state UNUSED)
{
	struct secret s;

	for (size_t i = 0; i < nitems(absurd); i++) {
		assert_true(scheme_of(view_of(absurd[i]), &s));
		assert_false(scheme_check(&s, VIEW_LIT("wonderland")));
	}
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

static int64_t
add(const char *client, const char *account, int64_t now)
{
	const struct guess g = { view_of(client), view_of(account), VIEW_NONE };
	enum penalty_shut shut;

	return penalty_add(&g, now, &shut);
}

static void
test_delay(void **state UNUSED)
{
	struct view mallory = VIEW_LIT("192.0.2.1");
	static const int64_t waits[] = { 500, 1000, 2000, 4000, 8000, 8000,
		8000 };

	penalty_start();
	penalty_limits(1000, 60000);
	assert_false(penalty_is_suspect(mallory, 1000000));
	for (size_t i = 0; i < nitems(waits); i++)
		assert_int_equal(add("192.0.2.1", "a", 1000000), waits[i]);
	assert_int_equal(add("192.0.2.2", "a", 1000000), 500);
	assert_true(penalty_is_suspect(mallory, 1000000));
	assert_false(penalty_is_suspect(VIEW_LIT("192.0.2.2"), 1000000));
	/* forgiven with time */
	assert_int_equal(add("192.0.2.1", "a", 1000000 + 2 * 60000), 4000);
	assert_false(penalty_is_suspect(mallory, 1000000 + 50 * 60000));
	assert_int_equal(add("192.0.2.1", "a", 1000000 + 60 * 60000), 500);
	/* a /64 of IPv6 counts as one, mapped IPv4 addresses do not */
	assert_int_equal(add("2001:db8::1", "a", 1), 500);
	assert_int_equal(add("2001:db8::2:3", "a", 1), 1000);
	assert_int_equal(add("::ffff:192.0.2.7", "a", 1), 500);
	assert_int_equal(add("::ffff:192.0.2.8", "a", 1), 500);
	assert_int_equal(add("192.0.2.8", "a", 1), 1000);
	/* more addresses than fit */
	for (int i = 0; i < 20000; i++) {
		struct str s = { 0 };

		str_addf(&s, "10.%d.%d.1", i / 200, i % 200);
		assert_in_range(add(str_c(&s), "a", 10000000), 500, 8000);
		str_free(&s);
	}
}

static bool
is_out(const char *client, const char *account, int64_t now)
{
	return penalty_is_shut_out(view_of(client), view_of(account), now);
}

static void
count_guessers(void *arg, const struct guesser *g UNUSED)
{
	(*(int *)arg)++;
}

static void
test_shut_out(void **state UNUSED)
{
	enum penalty_shut shut;
	int n = 0;

	penalty_start();
	penalty_clear(VIEW_NONE);
	penalty_limits(4, 60000);
	/* half the limit closes the account, from there only */
	add("192.0.2.1", "a@x", 1000);
	assert_false(is_out("192.0.2.1", "a@x", 1000));
	penalty_add(&(struct guess){ VIEW_LIT("192.0.2.1"), VIEW_LIT("A@x"),
	    VIEW_NONE }, 1000, &shut);
	assert_int_equal(shut, PENALTY_ACCOUNT);
	assert_true(is_out("192.0.2.1", "a@x", 1000));
	assert_false(is_out("192.0.2.1", "b@x", 1000));
	assert_false(is_out("192.0.2.1", "", 1000));
	assert_false(is_out("192.0.2.2", "a@x", 1000));
	/* the whole limit the address, for a while */
	add("192.0.2.1", "b@x", 2000);
	penalty_add(&(struct guess){ VIEW_LIT("192.0.2.1"), VIEW_LIT("c@x"),
	    VIEW_NONE }, 2000, &shut);
	assert_int_equal(shut, PENALTY_ADDRESS);
	assert_true(is_out("192.0.2.1", "", 2000));
	assert_true(is_out("192.0.2.1", "z@x", 61999));
	assert_false(is_out("192.0.2.1", "z@x", 62000));
	/* a right one clears the account's count */
	add("192.0.2.3", "a@x", 1000);
	penalty_forget(VIEW_LIT("192.0.2.3"), VIEW_LIT("a@x"));
	add("192.0.2.3", "a@x", 1000);
	assert_false(is_out("192.0.2.3", "a@x", 1000));
	/* an hour without one clears all */
	add("192.0.2.4", "a@x", 1000);
	add("192.0.2.4", "a@x", 1000 + 3600000);
	assert_false(is_out("192.0.2.4", "a@x", 1000 + 3600000));
	/* this host is many people */
	for (int i = 0; i < 50; i++)
		add("127.0.0.1", i % 2 ? "a@x" : "b@x", 5000);
	assert_false(is_out("127.0.0.1", "", 5000));
	assert_true(is_out("127.0.0.1", "a@x", 5000));
	/* a /64 */
	for (int i = 0; i < 4; i++)
		add(i % 2 ? "2001:db8::1" : "2001:db8::2", "a@x", 5000);
	assert_true(is_out("2001:db8::3", "", 5000));
	/* lifted */
	penalty_each(5000, count_guessers, &n);
	assert_true(n >= 5);
	assert_int_equal(penalty_clear(VIEW_LIT("2001:db8::/64")), 2);
	assert_false(is_out("2001:db8::3", "", 5000));
	assert_true(penalty_clear(VIEW_NONE) > 0);
	n = 0;
	penalty_each(5000, count_guessers, &n);
	assert_int_equal(n, 0);
}

/* A mail program that does not know the new password yet. */
static void
test_repeated(void **state UNUSED)
{
	struct guess old = { VIEW_LIT("192.0.2.1"), VIEW_LIT("a@x"),
		VIEW_LIT("old") };
	struct guess sprayed = old, other = old;
	enum penalty_shut shut;

	penalty_start();
	penalty_clear(VIEW_NONE);
	penalty_limits(4, 60000);
	for (int i = 0; i < 20; i++)
		assert_in_range(penalty_add(&old, 1000, &shut), 500, 8000);
	assert_false(is_out("192.0.2.1", "a@x", 1000));
	/* another one counts, and so does this one for somebody else */
	other.password = VIEW_LIT("older");
	penalty_add(&other, 1000, &shut);
	assert_int_equal(shut, PENALTY_ACCOUNT);
	sprayed.account = VIEW_LIT("b@x");
	penalty_add(&sprayed, 1000, &shut);
	sprayed.account = VIEW_LIT("c@x");
	penalty_add(&sprayed, 1000, &shut);
	assert_int_equal(shut, PENALTY_ADDRESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_crypt),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_shut_out),
		cmocka_unit_test(test_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
