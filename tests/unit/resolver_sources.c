/* SPDX-License-Identifier: ISC */
/*
 * resolver_sources - resolv.conf, trust anchors, and names of its own
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "resolver/sources.h"
#include "resolver/special.h"

static void
test_resolv(void **state)
{
	struct sources s = { 0 };
	char text[ADDRESS16_TEXT];

	(void)state;
	sources_resolv(VIEW_LIT("# a comment\nsearch example.org\n"
				"nameserver 192.0.2.53\n"
				" nameserver\t2001:db8::53 # the other\n"
				"nameserver fe80::1%eth0\nnameserver nobody\n"
				"options edns0\nnameserver 127.0.0.1"), &s);
	assert_int_equal(s.servers, 3);
	assert_false(s.local);
	assert_int_equal(s.server[1].port, 53);
	address16_text(&s.server[1].address, text);
	assert_string_equal(text, "2001:db8::53");
}

static void
test_local(void **state)
{
	struct sources s = { 0 }, both = { 0 }, none = { 0 };

	(void)state;
	sources_resolv(VIEW_LIT("nameserver 127.0.0.53\nnameserver ::1\n"), &s);
	assert_true(s.local);
	sources_resolv(VIEW_LIT("nameserver 192.0.2.1\nnameserver ::1\n"),
	    &both);
	assert_false(both.local);
	sources_resolv(VIEW_NONE, &none);
	assert_false(none.local);
}

static void
test_too_many(void **state)
{
	struct sources s = { 0 };
	struct str text = { 0 };

	(void)state;
	for (int i = 0; i < SERVERS_MOST + 3; i++)
		str_addf(&text, "nameserver 192.0.2.%d\n", i);
	sources_resolv(str_view(&text), &s);
	assert_int_equal(s.servers, SERVERS_MOST);
	str_free(&text);
}

static void
test_anchors(void **state)
{
	struct sources s = { 0 };

	(void)state;
	sources_anchors(VIEW_LIT("; of the root\n"
	    "Example.ORG. 3600 IN DS 1 8 2 ABCD ; a comment\n"
	    ". IN DNSKEY 257 3 8 AwEAA\n"
	    "\n. 86400 IN NS a.root-servers.net.\nexample. DS 1 8 2 AB\n"
	    "no-dot DS 1 8 2 AB\nDS\n"), &s);
	assert_int_equal(s.anchors, 3);
	assert_true(view_is(s.apex, "example.org"));
	assert_true(view_is(s.anchor[0], "Example.ORG. 3600 IN DS 1 8 2 ABCD"));
	assert_true(view_is(s.anchor[1], ". IN DNSKEY 257 3 8 AwEAA"));
	sources_free(&s);
}

static const struct {
	const char *name;
	unsigned type;
	enum dns_result result;	/* 0: is to be asked */
} names[] = {
	{ "localhost", DNS_A, DNS_FOUND },
	{ "localhost", DNS_AAAA, DNS_FOUND },
	{ "localhost", DNS_MX, DNS_NO_DATA },
	{ "a.b.localhost", DNS_A, DNS_FOUND },
	{ "notlocalhost", DNS_A, 0 },
	{ "localhost.example", DNS_A, 0 },
	{ "1.0.0.127.in-addr.arpa", DNS_PTR, DNS_FOUND },
	{ "2.0.0.127.in-addr.arpa", DNS_PTR, 0 },
	{ "invalid", DNS_A, DNS_NO_NAME },
	{ "x.invalid", DNS_MX, DNS_NO_NAME },
	{ "abc.onion", DNS_A, DNS_NO_NAME },
	{ "192.0.2.1", DNS_A, DNS_NO_NAME },
	{ "7", DNS_A, DNS_NO_NAME },
	{ "example.7a", DNS_A, 0 },
	{ "", DNS_SOA, 0 },
};

static void
test_special(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		struct question q = { view_of(names[i].name), names[i].type };
		struct dns_answer answer;
		struct arena a = { 0 };
		bool known = special_answer(&q, &a, &answer);

		if (known != (names[i].result != 0) ||
		    (known && answer.result != names[i].result))
			fail_msg("%s: %d", names[i].name, known);
		if (known)
			assert_int_equal(answer.records.n > 0,
			    answer.result == DNS_FOUND);
		arena_reset(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolv),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
