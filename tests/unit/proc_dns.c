/* SPDX-License-Identifier: ISC */
/*
 * proc_dns - records, names and answers as they should be, and wrong ones
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/proc/dns.h"

#define RDATA(s) { "" s, sizeof(s) - 1 }
#define LONG63 "\x3f" "123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	struct view rdata;
	const char *name;	/* NULL: refused */
} names[] = {
	{ RDATA("\x04" "mail\x07" "Example\x03" "org\0"), "mail.example.org" },
	{ RDATA("\x0c" "_tcp-a_b0/25\x01" "x\0"), "_tcp-a_b0/25.x" },
	{ RDATA("\0"), "" },
	{ RDATA(""), NULL },
	{ RDATA("\x04" "mail"), NULL },
	{ RDATA("\x04" "mail\0x"), NULL },
	{ RDATA("\x05" "mail\0"), NULL },
	{ RDATA("\x04" "ma.l\0"), NULL },
	{ RDATA("\x04" "ma l\0"), NULL },
	{ RDATA("\x04" "ma\0l\0"), NULL },
	{ RDATA("\x04" "ma\xe4l\0"), NULL },
	{ RDATA("\x04" "ma\\l\0"), NULL },
	{ RDATA("\xc0\x0c"), NULL },
	{ RDATA("\x40" "1234567890123456789012345678901234567890123456789012"
		"345678901234\0"), NULL },
	{ RDATA(LONG63 LONG63 LONG63 "\x3d" "12345678901234567890123456789012"
		"34567890123456789012345678901\0"),
	    "123456789012345678901234567890123456789012345678901234567890123."
	    "123456789012345678901234567890123456789012345678901234567890123."
	    "123456789012345678901234567890123456789012345678901234567890123."
	    "1234567890123456789012345678901234567890123456789012345678901" },
	{ RDATA(LONG63 LONG63 LONG63 "\x3e" "12345678901234567890123456789012"
		"345678901234567890123456789012\0"), NULL },
};

static void
test_names(void **state)
{
	struct arena a = { 0 };
	struct view name;

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		bool right = dns_name(names[i].rdata, &a, &name);

		assert_int_equal(right, names[i].name != NULL);
		if (right)
			assert_true(view_is(name, names[i].name));
	}
	arena_reset(&a);
}

static const struct {
	const char *name;
	bool fine;
} asked[] = {
	{ "", true },
	{ "org", true },
	{ "_25._tcp.mx.example.org", true },
	{ "1.0/25.2.0.192.in-addr.arpa", true },
	{ "xn--bcher-kva.example", true },
	{ "a..b", false },
	{ ".a", false },
	{ "a.", false },
	{ ".", false },
	{ "a b", false },
	{ "b\xc3\xbc" "cher.example", false },
	{ "a\\046b", false },
	{ "*.example", false },
};

static void
test_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(asked); i++)
		assert_int_equal(dns_name_ok(view_of(asked[i].name)),
		    asked[i].fine);
}

static const struct {
	const char *address, *name;
} reverse[] = {
	{ "192.0.2.1", "1.2.0.192.in-addr.arpa" },
	{ "::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa" },
	{ "2001:db8::567:89ab",
	    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "ip6.arpa" },
};

static void
test_reverse(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(reverse); i++) {
		struct str out = { 0 };
		struct address16 a;

		assert_true(address16_parse(view_of(reverse[i].address), &a));
		dns_reverse(&a, &out);
		assert_string_equal(out.p, reverse[i].name);
		assert_true(dns_name_ok(str_view(&out)));
		str_free(&out);
	}
}

static void
test_records(void **state)
{
	struct view mx = RDATA("\x01\x02\x02" "MX\0"),
		    null_mx = RDATA("\0\0\0"),
		    srv = RDATA("\0\1\0\2\x01\xbb\x01" "s\0"),
		    txt = RDATA("\x03" "abc\0\x02" "de"),
		    cut = RDATA("\x03" "abc\x03" "de"),
		    tlsa = RDATA("\3\1\2xyz"), empty = RDATA("\3\1\2"), text;
	struct arena a = { 0 };
	struct dns_tlsa t;
	struct dns_srv s;
	struct dns_mx m;

	(void)state;
	assert_true(dns_mx(mx, &a, &m));
	assert_int_equal(m.preference, 258);
	assert_true(view_is(m.host, "mx"));
	assert_true(dns_mx(null_mx, &a, &m));
	assert_int_equal(m.host.n, 0);
	assert_true(dns_srv(srv, &a, &s));
	assert_int_equal(s.priority * 100 + s.weight, 102);
	assert_int_equal(s.port, 443);
	assert_true(view_is(s.host, "s"));
	assert_true(dns_txt(txt, &a, &text));
	assert_true(view_is(text, "abcde"));
	assert_false(dns_txt(cut, &a, &text));
	assert_false(dns_txt(VIEW_NONE, &a, &text));
	assert_true(dns_tlsa(tlsa, &t));
	assert_int_equal(t.usage * 100 + t.selector * 10 + t.matching, 312);
	assert_true(view_is(t.data, "xyz"));
	assert_false(dns_tlsa(empty, &t));
	for (size_t n = 0; n < 3; n++) {
		assert_false(dns_mx(view_bytes(mx.p, n), &a, &m));
		assert_false(dns_srv(view_bytes(srv.p, n * 2), &a, &s));
		assert_false(dns_tlsa(view_bytes(tlsa.p, n), &t));
	}
	arena_reset(&a);
}

static void
test_addresses(void **state)
{
	struct view six = RDATA("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	struct address16 a;
	char text[ADDRESS16_TEXT];

	(void)state;
	assert_true(dns_address(DNS_A, view_of("\xc0\x01\x02\x07"), &a));
	address16_text(&a, text);
	assert_string_equal(text, "192.1.2.7");
	assert_true(dns_address(DNS_AAAA, six, &a));
	address16_text(&a, text);
	assert_string_equal(text, "2001:db8::1");
	assert_false(dns_address(DNS_A, six, &a));
	assert_false(dns_address(DNS_AAAA, view_bytes(six.p, 15), &a));
}

static void
test_answers(void **state)
{
	struct str list = { 0 };
	struct arena a = { 0 };
	struct dns_answer answer;
	struct msg_resolved m = { .result = DNS_FOUND,
		.secure = 1,
		.canonical = VIEW_LIT("mx.example"),
		.ttl = 60,
		.sentence = VIEW_NONE };

	(void)state;
	list_put(&list, view_of("1234"));
	m.records = str_view(&list);
	dns_answer_of(&m, &a, &answer);
	assert_int_equal(answer.result, DNS_FOUND);
	assert_true(answer.secure);
	m.records.n--;
	dns_answer_of(&m, &a, &answer);
	assert_int_equal(answer.result, DNS_FAILED);
	assert_false(answer.secure);
	m.records = VIEW_NONE;
	dns_answer_of(&m, &a, &answer);
	assert_int_equal(answer.result, DNS_FAILED);
	m.result = DNS_NO_DATA;
	dns_answer_of(&m, &a, &answer);
	assert_int_equal(answer.result, DNS_NO_DATA);
	m.result = 9;
	dns_answer_of(&m, &a, &answer);
	assert_int_equal(answer.result, DNS_FAILED);
	str_free(&list);
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
