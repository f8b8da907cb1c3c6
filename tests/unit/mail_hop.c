/* SPDX-License-Identifier: ISC */
/*
 * mail_hop - texts of next hops (lib/mail/hop.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/hop.h"

/* The canonical text, or what the sentence of the refusal contains. */
static const struct {
	const char *text, *canonical, *refused;
} cases[] = {
	{ "example.org", "example.org", NULL },
	{ "Example.ORG", "example.org", NULL },
	{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example", NULL },
	{ "example.org:26", "example.org:26", NULL },
	{ "localhost", "localhost", NULL },
	{ "[relay.example.net]", "[relay.example.net]", NULL },
	{ "[Relay.Example.Net]:587", "[relay.example.net]:587", NULL },
	{ "[192.0.2.1]", "[192.0.2.1]", NULL },
	{ "[192.0.2.1]:2525", "[192.0.2.1]:2525", NULL },
	{ "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]", NULL },
	{ "[ipv6:2001:DB8:0:0::1]:25", "[IPv6:2001:db8::1]:25", NULL },
	{ "[2001:db8::1]", "[IPv6:2001:db8::1]", NULL },
	{ "unix:/run/lmtp.sock", "unix:/run/lmtp.sock", NULL },
	{ "lmtp:unix:/run/lmtp.sock", "unix:/run/lmtp.sock", NULL },
	{ "unix:/run/x login=me", "unix:/run/x login=me", NULL },
	{ "lmtp:[mail.example.org]", "lmtp:[mail.example.org]", NULL },
	{ "lmtp:[127.0.0.1]:24", "lmtp:[127.0.0.1]:24", NULL },
	{ " \texample.org \t tls=verify ", "example.org tls=verify", NULL },
	{ "[r.example]:587 source=2001:DB8::2 login=isp tls=encrypt",
	    "[r.example]:587 tls=encrypt login=isp source=2001:db8::2", NULL },
	{ "[r.example] tls=none", "[r.example] tls=none", NULL },
	{ "[r.example] tls=may", "[r.example] tls=may", NULL },
	{ "[r.example] tls=dane-only", "[r.example] tls=dane-only", NULL },
	{ "[r.example] tls=implicit", "[r.example] tls=implicit", NULL },
	{ "x.example login=me@isp.example", "x.example login=me@isp.example",
	    NULL },

	{ "", NULL, "no hop" },
	{ "  ", NULL, "no hop" },
	{ "192.0.2.1", NULL, "[192.0.2.1]" },
	{ "2001:db8::1", NULL, "[2001:db8::1]" },
	{ "192.0.2.300", NULL, "no domain" },
	{ "[192.0.2.300]", NULL, "no host" },
	{ "[IPv6:192.0.2.1]", NULL, "no host" },
	{ "[IPv6:]", NULL, "no host" },
	{ "[tag:content]", NULL, "no host" },
	{ "[]", NULL, "no host" },
	{ "[", NULL, "no ]" },
	{ "[relay.example.net", NULL, "no ]" },
	{ "[relay.example.net]x", NULL, ":PORT" },
	{ "[relay.example.net]:", NULL, "no port" },
	{ "[relay.example.net]:0", NULL, "no port" },
	{ "[relay.example.net]:65536", NULL, "no port" },
	{ "example.org:smtp", NULL, "no port" },
	{ "example..org", NULL, "no domain" },
	{ ".example.org", NULL, "no domain" },
	{ "user@example.org", NULL, "no domain" },
	{ "lmtp:example.org", NULL, "brackets" },
	{ "lmtp:", NULL, "no domain" },
	{ "unix:", NULL, "whole path" },
	{ "unix:lmtp.sock", NULL, "whole path" },
	{ "unix:/run/x tls=may", NULL, "no meaning" },
	{ "unix:/run/x source=192.0.2.1", NULL, "no meaning" },
	{ "example.org tls", NULL, "tls= wants" },
	{ "example.org tls=", NULL, "tls= wants" },
	{ "example.org tls=MAY", NULL, "tls= wants" },
	{ "example.org login=", NULL, "login= wants" },
	{ "example.org source=here", NULL, "source= wants" },
	{ "example.org source=[192.0.2.1]", NULL, "source= wants" },
	{ "example.org tls=may tls=may", NULL, "twice" },
	{ "example.org port=25", NULL, "no option" },
	{ "\xff.example", NULL, "no domain" },
};

static void
check_case(size_t i)
{
	struct arena a = { 0 };
	struct str out = { 0 };
	struct hop h;
	struct why w;

	if (!hop_parse(view_of(cases[i].text), &a, &h, &w)) {
		if (cases[i].refused == NULL ||
		    strstr(w.text, cases[i].refused) == NULL)
			fail_msg("%s: %s", cases[i].text, w.text);
		assert_int_equal(w.verdict, VERDICT_NEVER);
		assert_string_equal(w.status, "3.5");
	} else {
		hop_write(&h, &out);
		if (cases[i].canonical == NULL ||
		    !view_is(str_view(&out), cases[i].canonical))
			fail_msg("%s: %s", cases[i].text, str_c(&out));
	}
	str_free(&out);
	arena_reset(&a);
}

static void
test_cases(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++)
		check_case(i);
}

static void
test_fields(void **state UNUSED)
{
	struct arena a = { 0 };
	struct hop h;
	struct why w;

	assert_true(hop_parse(VIEW_LIT("lmtp:[IPv6:::1]:24 tls=verify "
	    "login=dove source=::1"), &a, &h, &w));
	assert_int_equal(h.kind, HOP_ADDRESS);
	assert_true(h.lmtp);
	assert_true(view_is(h.host, "::1"));
	assert_int_equal(h.port, 24);
	assert_int_equal(h.tls, HOP_TLS_VERIFY);
	assert_true(view_is(h.login, "dove"));
	assert_true(view_is(h.source, "::1"));
	assert_true(hop_parse(VIEW_LIT("unix:/run/x"), &a, &h, &w));
	assert_int_equal(h.kind, HOP_UNIX);
	assert_true(h.lmtp);
	assert_int_equal(h.port, 0);
	assert_int_equal(h.login.n, 0);
	assert_int_equal(h.source.n, 0);
	arena_reset(&a);
}

static void
test_long_ones(void **state UNUSED)
{
	struct str text = { 0 };
	struct arena a = { 0 };
	struct hop h;
	struct why w;

	str_adds(&text, "unix:/");
	while (text.n < 5 + 108)
		str_addc(&text, 'x');
	assert_false(hop_parse(str_view(&text), &a, &h, &w));
	text.n--;
	assert_true(hop_parse(str_view(&text), &a, &h, &w));
	str_reset(&text);
	str_adds(&text, "example.org login=");
	while (text.n <= HOP_MAX)
		str_addc(&text, 'x');
	assert_false(hop_parse(str_view(&text), &a, &h, &w));
	str_free(&text);
	arena_reset(&a);
}

static void
test_levels(void **state UNUSED)
{
	enum hop_tls tls;

	for (tls = HOP_TLS_NONE; tls <= HOP_TLS_IMPLICIT; tls++) {
		enum hop_tls again;

		assert_true(hop_tls_named(view_of(hop_tls_name(tls)), &again));
		assert_int_equal(again, tls);
	}
	assert_string_equal(hop_tls_name(HOP_TLS_DEFAULT), "");
	assert_false(hop_tls_named(VIEW_NONE, &tls));
	assert_false(hop_tls_named(VIEW_LIT("most"), &tls));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_long_ones),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
