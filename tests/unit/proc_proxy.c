/* SPDX-License-Identifier: ISC */
/*
 * proc_proxy - PROXY preambles, whole, cut anywhere, and wrong ones
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/proc/proxy.h"

#define SIGN "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\x00\x02\x07\xc6\x33\x64\x01\xdc\x04\x00\x19"

#define CASE(text, result, address, port)                                      \
	{ { text, sizeof(text) - 1 }, result, address, port }

static const struct {
	struct view in;
	enum proxy_result result;
	const char *address;
	uint16_t port;
} cases[] = {
	CASE("PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n", PROXY_CLIENT,
	    "192.0.2.7", 56324),
	CASE("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", PROXY_CLIENT,
	    "2001:db8::1", 1),
	CASE("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", PROXY_CLIENT,
	    "192.0.2.7", 1),
	CASE("PROXY UNKNOWN\r\n", PROXY_LOCAL, NULL, 0),
	CASE("PROXY UNKNOWN what ever it is\r\n", PROXY_LOCAL, NULL, 0),
	CASE("PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\n", PROXY_BAD, NULL,
	    0),
	CASE("PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n", PROXY_BAD, NULL, 0),
	CASE("PROXY TCP4 192.0.2.7 198.51.100.1 56324 65536\r\n", PROXY_BAD,
	    NULL, 0),
	CASE("PROXY TCP4 192.0.2.7 198.51.100.1 56324 25 \r\n", PROXY_BAD, NULL,
	    0),
	CASE("PROXY TCP4 192.0.2.7  198.51.100.1 56324 25\r\n", PROXY_BAD, NULL,
	    0),
	CASE("PROXY TCP4 ::1 ::1 1 2\r\n", PROXY_BAD, NULL, 0),
	CASE("PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n", PROXY_BAD, NULL, 0),
	CASE("PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n", PROXY_BAD, NULL, 0),
	CASE("PROXY \r\n", PROXY_BAD, NULL, 0),
	CASE("EHLO client.test\r\n", PROXY_BAD, NULL, 0),
	CASE("proxy unknown\r\n", PROXY_BAD, NULL, 0),
	CASE(SIGN "\x21\x11\x00\x0c" V4, PROXY_CLIENT, "192.0.2.7", 56324),
	CASE(SIGN "\x21\x11\x00\x12" V4 "\x04\x00\x03xyz", PROXY_CLIENT,
	    "192.0.2.7", 56324),
	CASE(SIGN "\x21\x11\x00\x13" V4 "\x03\x00\x04\x0b\xc9\xf7\x04",
	    PROXY_CLIENT, "192.0.2.7", 56324),
	CASE(SIGN "\x21\x11\x00\x13" V4 "\x03\x00\x04\x0b\xc9\xf7\x05",
	    PROXY_BAD, NULL, 0),
	CASE(SIGN "\x21\x11\x00\x0f" V4 "\x04\x00\x01", PROXY_BAD, NULL, 0),
	CASE(SIGN "\x21\x11\x00\x0e" V4 "\x04\x00", PROXY_BAD, NULL, 0),
	CASE(SIGN "\x21\x21\x00\x24"
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x00\x01\x00\x19",
	    PROXY_CLIENT, "2001:db8::1", 1),
	CASE(SIGN "\x20\x00\x00\x00", PROXY_LOCAL, NULL, 0),
	CASE(SIGN "\x20\x11\x00\x03xyz", PROXY_LOCAL, NULL, 0),
	CASE(SIGN "\x21\x00\x00\x00", PROXY_LOCAL, NULL, 0),
	CASE(SIGN "\x21\x12\x00\x0c" V4, PROXY_BAD, NULL, 0),
	CASE(SIGN "\x22\x11\x00\x0c" V4, PROXY_BAD, NULL, 0),
	CASE(SIGN "\x11\x11\x00\x0c" V4, PROXY_BAD, NULL, 0),
	CASE(SIGN "\x21\x11\x00\x0b\xc0\x00\x02\x07\xc6\x33\x64\x01\xdc\x04\0",
	    PROXY_BAD, NULL, 0),
	CASE(SIGN "\x21\x11\xff\xff", PROXY_BAD, NULL, 0),
};

static void
check_fine(size_t i, const struct proxy *p)
{
	struct address16 a;

	assert_int_equal(p->length, cases[i].in.n);
	if (cases[i].result != PROXY_CLIENT)
		return;
	assert_true(address16_parse(view_of(cases[i].address), &a));
	assert_memory_equal(&a, &p->address, sizeof(a));
	assert_int_equal(p->port, cases[i].port);
}

/* What comes behind does not matter, and no part of a good one is bad. */
static void
reads_preambles(void **state)
{
	struct proxy p;
	char more[256];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct view in = cases[i].in;
		bool good = cases[i].result != PROXY_BAD;

		if (proxy_parse(in, &p) != cases[i].result)
			fail_msg("case %zu", i);
		if (good)
			check_fine(i, &p);
		for (size_t n = 0; good && n < in.n; n++)
			assert_int_equal(proxy_parse(view_bytes(in.p, n), &p),
			    PROXY_MORE);
		memcpy(more, in.p, in.n);
		memcpy(more + in.n, "\x16\x03\x01PROXY ", 9);
		if (proxy_parse(view_bytes(more, in.n + 9), &p) !=
		    cases[i].result)
			fail_msg("case %zu with more", i);
		if (good)
			check_fine(i, &p);
	}
}

static void
ends_lines_that_do_not_end(void **state)
{
	char in[108] = "PROXY UNKNOWN ";
	struct proxy p;

	(void)state;
	memset(in + 14, 'x', sizeof(in) - 14);
	assert_int_equal(proxy_parse(view_bytes(in, 106), &p), PROXY_MORE);
	assert_int_equal(proxy_parse(view_bytes(in, 107), &p), PROXY_BAD);
	in[105] = '\r';
	in[106] = '\n';
	assert_int_equal(proxy_parse(view_bytes(in, 107), &p), PROXY_LOCAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_preambles),
		cmocka_unit_test(ends_lines_that_do_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
