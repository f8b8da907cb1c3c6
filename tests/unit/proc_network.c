/* SPDX-License-Identifier: ISC */
/*
 * proc_network - addresses and networks as text, and who is in which
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/proc/settings.h"

static void
reads_networks(void **state)
{
	static const struct {
		const char *text;
		bool fine;
		const char *in, *out;
	} cases[] = {
		{ "192.0.2.7", true, "192.0.2.7", "192.0.2.6" },
		{ "192.0.2.0/24", true, "192.0.2.255", "192.0.3.0" },
		{ "192.0.2.128/25", true, "192.0.2.128", "192.0.2.127" },
		{ "10.0.0.0/8", true, "10.255.0.1", "::10.1.1.1" },
		{ "192.0.2.0/24", true, "::ffff:192.0.2.1", "::192.0.2.1" },
		{ "2001:db8::/32", true, "2001:db8:ffff::1", "2001:db9::" },
		{ "2001:db8::/33", true, "2001:db8:7fff::", "2001:db8:8000::" },
		{ "::ffff:192.0.2.0/120", true, "192.0.2.9", "192.0.3.9" },
		{ "IPv6:::1", true, "::1", "::2" },
		{ "192.0.2.1/24", false, NULL, NULL },
		{ "192.0.2.0/33", false, NULL, NULL },
		{ "2001:db8::/129", false, NULL, NULL },
		{ "2001:db8::1/64", false, NULL, NULL },
		{ "192.0.2.0/", false, NULL, NULL },
		{ "192.0.2.0/+8", false, NULL, NULL },
		{ "192.0.2", false, NULL, NULL },
		{ "192.0.2.010", false, NULL, NULL },
		{ "localhost", false, NULL, NULL },
		{ "", false, NULL, NULL },
		{ "fe80::1%eth0", false, NULL, NULL },
		{ "[::1]", false, NULL, NULL },
	};
	struct address16 a;
	struct network n;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		if (network_parse(view_of(cases[i].text), &n) != cases[i].fine)
			fail_msg("%s", cases[i].text);
		if (!cases[i].fine)
			continue;
		assert_true(address16_parse(view_of(cases[i].in), &a));
		if (!network_has(&n, &a))
			fail_msg("%s not in %s", cases[i].in, cases[i].text);
		assert_true(address16_parse(view_of(cases[i].out), &a));
		if (network_has(&n, &a))
			fail_msg("%s in %s", cases[i].out, cases[i].text);
	}
}

static void
goes_to_sockets_and_back(void **state)
{
	static const char *const texts[] = { "192.0.2.7", "2001:db8::1",
		"::ffff:192.0.2.7" };
	struct sockaddr_storage s;
	struct address16 a, b;

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		assert_true(address16_parse(view_of(texts[i]), &a));
		address16_sockaddr(&a, 25, &s);
		assert_int_equal(s.ss_family, i == 1 ? AF_INET6 : AF_INET);
		assert_true(address16_of(&s, &b));
		assert_memory_equal(&a, &b, sizeof(a));
	}
	s.ss_family = AF_UNIX;
	assert_false(address16_of(&s, &a));
}

static void
settings_tell_bad_ones(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "proxy_clients = 127.0.0.1 2001:db8::/32\n", NULL },
		{ "proxy_clients = 127.0.0.1/8\n", "no address" },
		{ "proxy_clients = 10.0.0.0/8, balancer\n", "balancer" },
		{ "proxy_clients = 0.0.0.0/0\n", "everybody" },
		{ "proxy_clients = ::/0\n", "everybody" },
		{ "[listener a]\naddress = 127.0.0.1:25\nproxy = yes\n",
		    "lets nobody in" },
		{ "proxy_clients = ::1\n[listener a]\naddress = unix:/a\n"
		    "proxy = yes\n", "IP address" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct str errors = { 0 };
		struct settings *s = settings_parse(view_of(cases[i].text),
		    &errors);

		if ((s == NULL) != (cases[i].problem != NULL) ||
		    (s == NULL &&
			strstr(str_c(&errors), cases[i].problem) == NULL))
			fail_msg("%s: %s", cases[i].text, str_c(&errors));
		str_free(&errors);
		if (s != NULL)
			settings_free(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_networks),
		cmocka_unit_test(goes_to_sockets_and_back),
		cmocka_unit_test(settings_tell_bad_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
