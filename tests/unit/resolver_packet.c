/* SPDX-License-Identifier: ISC */
/*
 * resolver_packet - answers with pointers, aliases, and what is wrong with them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "resolver/packet.h"

#define HEAD(flags, n, authority) "\x12\x34" flags "\0\1\0" n "\0" authority "\0\0"
#define NAME "\x03" "Www\x07" "example\0"	/* at 12 */
#define ASK(type) NAME "\0" type "\0\1"
#define RR(type, ttl, length) "\0" type "\0\1\0\0\0" ttl "\0" length
#define PACKET(s) { "" s, sizeof(s) - 1 }

static const struct {
	const char *what;
	struct view octets;
	unsigned type;
	bool right;
	enum dns_result result;
	const char *canonical;
	uint32_t ttl;
	size_t records;
} cases[] = {
	{ "an address",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\1")
		"\xc0\x0c" RR("\1", "\x3c", "\4") "\x7f\0\0\1"),
	    DNS_A, true, DNS_FOUND, "www.example", 60, 1 },
	{ "behind an alias, the records in the wrong order",
	    PACKET(HEAD("\x81\x80", "\2", "\0") ASK("\1")
		"\x02" "ho\xc0\x10" RR("\1", "\x3c", "\4") "\x7f\0\0\1"
		"\xc0\x0c" RR("\5", "\x09", "\5") "\x02" "HO\xc0\x10"),
	    DNS_A, true, DNS_FOUND, "ho.example", 9, 1 },
	{ "the alias itself",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\5")
		"\xc0\x0c" RR("\5", "\x09", "\5") "\x02" "HO\xc0\x10"),
	    DNS_CNAME, true, DNS_FOUND, "www.example", 9, 1 },
	{ "an alias of itself",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\1")
		"\xc0\x0c" RR("\5", "\x09", "\2") "\xc0\x0c"),
	    DNS_A, true, DNS_FAILED, NULL, 0, 0 },
	{ "an alias with a strange name",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\1")
		"\xc0\x0c" RR("\5", "\x09", "\3") "\x01 \0"),
	    DNS_A, true, DNS_FAILED, NULL, 0, 0 },
	{ "no such name, for as long as the SOA says",
	    PACKET(HEAD("\x81\x83", "\0", "\1") ASK("\1")
		"\xc0\x10" RR("\6", "\x3c", "\x16") "\0\0"
		"\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
	    DNS_A, true, DNS_NO_NAME, "www.example", 5, 0 },
	{ "no such record, and no SOA",
	    PACKET(HEAD("\x81\x80", "\0", "\0") ASK("\x0f")),
	    DNS_MX, true, DNS_NO_DATA, "www.example", 0, 0 },
	{ "a record of another name",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\1")
		"\xc0\x10" RR("\1", "\x3c", "\4") "\x7f\0\0\1"),
	    DNS_A, true, DNS_NO_DATA, "www.example", 0, 0 },
	{ "refused",
	    PACKET(HEAD("\x81\x85", "\0", "\0") ASK("\1")),
	    DNS_A, true, DNS_FAILED, NULL, 0, 0 },
	{ "a question",
	    PACKET(HEAD("\x01\0", "\0", "\0") ASK("\1")), DNS_A, false,
	    0, NULL, 0, 0 },
	{ "another type",
	    PACKET(HEAD("\x81\x80", "\0", "\0") ASK("\2")), DNS_A, false,
	    0, NULL, 0, 0 },
	{ "a pointer to itself",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\1")
		"\xc0\x1d" RR("\1", "\x3c", "\4") "\x7f\0\0\1"),
	    DNS_A, false, 0, NULL, 0, 0 },
	{ "a pointer forward",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\1")
		"\xc0\x20" RR("\1", "\x3c", "\4") "\x7f\0\0\1"),
	    DNS_A, false, 0, NULL, 0, 0 },
	{ "a record that is cut off",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\1")
		"\xc0\x0c" RR("\1", "\x3c", "\4") "\x7f\0\0"),
	    DNS_A, false, 0, NULL, 0, 0 },
	{ "a name longer than its record",
	    PACKET(HEAD("\x81\x80", "\1", "\0") ASK("\x0f")
		"\xc0\x0c" RR("\x0f", "\x3c", "\4") "\0\1\2mx\0"),
	    DNS_MX, false, 0, NULL, 0, 0 },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct question q = { VIEW_LIT("www.example"), cases[i].type };
		struct dns_answer answer = { 0 };
		struct arena a = { 0 };
		struct packet p;
		size_t n;
		bool right = packet_read(cases[i].octets, &q, &a, &p, &answer);

		if (right != cases[i].right || (right &&
			(answer.result != cases[i].result ||
			    answer.ttl != cases[i].ttl)))
			fail_msg("%s: %d, result %d, ttl %u", cases[i].what,
			    right, answer.result, answer.ttl);
		if (right) {
			assert_int_equal(p.id, 0x1234);
			assert_true(list_ok(answer.records, &n));
			assert_int_equal(n, cases[i].records);
		}
		if (cases[i].canonical != NULL)
			assert_true(view_is(answer.canonical,
			    cases[i].canonical));
		for (size_t cut = 0; right && cut < cases[i].octets.n; cut++)
			assert_false(packet_read(
			    view_bytes(cases[i].octets.p, cut), &q, &a, &p,
			    &answer));
		arena_reset(&a);
	}
}

static void
test_pointers_in_records(void **state)
{
	static const struct view octets = PACKET(HEAD("\x81\xa0", "\1", "\0")
	    ASK("\x0f") "\xc0\x0c" RR("\x0f", "\x3c", "\x07") "\0\x0a\2MX\xc0\x10");
	struct question q = { VIEW_LIT("www.example"), DNS_MX };
	struct dns_answer answer;
	struct arena a = { 0 };
	struct view rdata;
	struct dns_mx mx;
	struct packet p;

	(void)state;
	assert_true(packet_read(octets, &q, &a, &p, &answer));
	assert_true(p.authentic);
	assert_true(list_next(&answer.records, &rdata));
	assert_true(dns_mx(rdata, &a, &mx));
	assert_int_equal(mx.preference, 10);
	assert_true(view_is(mx.host, "mx.example"));
	arena_reset(&a);
}

static void
test_cut(void **state)
{
	static const struct view octets =
	    PACKET(HEAD("\x83\x80", "\1", "\0") ASK("\1"));
	struct question q = { VIEW_LIT("www.example"), DNS_A };
	struct dns_answer answer;
	struct arena a = { 0 };
	struct packet p;

	(void)state;
	assert_true(packet_read(octets, &q, &a, &p, &answer));
	assert_true(p.cut);
	arena_reset(&a);
}

static void
test_question(void **state)
{
	struct question q = { VIEW_LIT("www.example"), DNS_A },
			root = { VIEW_NONE, DNS_SOA };
	struct view wire = PACKET("\x12\x34\1\x20\0\1\0\0\0\0\0\1\3www\7example"
				  "\0\0\1\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0");
	struct str out = { 0 };

	(void)state;
	packet_put(&q, 0x1234, &out);
	assert_true(view_eq(str_view(&out), wire));
	str_reset(&out);
	packet_put(&root, 1, &out);
	assert_int_equal(out.n, 12 + 5 + 11);
	str_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_pointers_in_records),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
