/* SPDX-License-Identifier: ISC */
/*
 * mail_address - paths, mailboxes, HELO names and users (lib/mail/address.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/address.h"

struct path_case {
	const char *in;
	unsigned allow;
	enum address_error error;
	const char *local, *domain, *rest, *written;
};

#define U ADDRESS_UTF8
static const struct path_case paths[] = {
	{ "<a@b.example>", 0, ADDRESS_FINE, "a", "b.example", "",
	    "a@b.example" },
	{ " <a@b> SIZE=1 BODY=7BIT", 0, ADDRESS_FINE, "a", "b",
	    "SIZE=1 BODY=7BIT", "a@b" },
	{ "<@x,@y.z:a.b+c@d>", 0, ADDRESS_FINE, "a.b+c", "d", "",
	    "a.b+c@d" },
	{ "<\"a b\"@c>", 0, ADDRESS_FINE, "a b", "c", "", "\"a b\"@c" },
	{ "<\"a\\\"\\\\\"@c>", 0, ADDRESS_FINE, "a\"\\", "c", "",
	    "\"a\\\"\\\\\"@c" },
	{ "<\"a.b\"@c>", 0, ADDRESS_FINE, "a.b", "c", "", "a.b@c" },
	{ "<\"\"@c>", 0, ADDRESS_FINE, "", "c", "", "\"\"@c" },
	{ "<\"a@b\"@c>", 0, ADDRESS_FINE, "a@b", "c", "", "\"a@b\"@c" },
	{ "<a@[192.0.2.1]>", 0, ADDRESS_FINE, "a", "[192.0.2.1]", "",
	    "a@[192.0.2.1]" },
	{ "<a@[IPv6:2001:db8::1]>", 0, ADDRESS_FINE, "a",
	    "[IPv6:2001:db8::1]", "", "a@[IPv6:2001:db8::1]" },
	{ "<a@[x-tag:content]>", 0, ADDRESS_FINE, "a", "[x-tag:content]", "",
	    "a@[x-tag:content]" },
	{ "<>", ADDRESS_NULL, ADDRESS_FINE, "", "", "", "" },
	{ "<> SIZE=3", ADDRESS_NULL, ADDRESS_FINE, "", "", "SIZE=3", "" },
	{ "<PostMaster>", ADDRESS_POSTMASTER, ADDRESS_FINE, "PostMaster", "",
	    "", "PostMaster" },
	{ "<user>", ADDRESS_LOCAL, ADDRESS_FINE, "user", "", "", "user" },
	{ "a@b X=1", ADDRESS_BARE, ADDRESS_FINE, "a", "b", "X=1", "a@b" },
	{ "<j\xc3\xb6rg@m\xc3\xbcll.example>", U, ADDRESS_FINE,
	    "j\xc3\xb6rg", "m\xc3\xbcll.example", "",
	    "j\xc3\xb6rg@m\xc3\xbcll.example" },
	{ "<j\xc3\xb6rg@b>", 0, ADDRESS_NEEDS_UTF8, 0, 0, 0, 0 },
	{ "<a@m\xc3\xbcll>", 0, ADDRESS_NEEDS_UTF8, 0, 0, 0, 0 },
	{ "<j\xc3@b>", U, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "", ADDRESS_NULL, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<", ADDRESS_NULL, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "a@b", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<user>", 0, ADDRESS_NEEDS_DOMAIN, 0, 0, 0, 0 },
	{ "<user>", ADDRESS_POSTMASTER, ADDRESS_NEEDS_DOMAIN, 0, 0, 0, 0 },
	{ "<a@b", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@b>x", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@b>>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@@b>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<@b>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a..b@c>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<.a@c>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a.@c>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a b@c>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@b.>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@-b>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@b_c>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<\"a@c>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<\"a\\", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<\"a\r\n\"@c>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@[1.2.3]>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@[IPv6:1.2.3.4]>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<a@[192.0.2.1>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<@x:@y:a@b>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
	{ "<@x,a@b>", 0, ADDRESS_SYNTAX, 0, 0, 0, 0 },
};

static void
test_paths(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(paths); i++) {
		const struct path_case *c = &paths[i];
		struct view in = view_of(c->in);
		struct str text = { 0 };
		struct address a;
		struct arena arena;

		arena_init(&arena);
		assert_int_equal(address_path(&in, c->allow, &arena, &a),
		    c->error);
		if (c->error == ADDRESS_FINE) {
			assert_true(view_is(a.local, c->local));
			assert_true(view_is(a.domain, c->domain));
			assert_true(view_is(in, c->rest));
			assert_int_equal(a.null, c->in[0] == '<' &&
			    c->in[1] == '>');
			address_write(&text, &a);
			assert_string_equal(str_c(&text), c->written);
		}
		str_free(&text);
		arena_reset(&arena);
	}
}

static enum address_error
parse_sized(size_t local, size_t labels)
{
	struct str text = { 0 };
	struct arena arena;
	struct address a;
	enum address_error e;
	struct view in;

	arena_init(&arena);
	str_addc(&text, '<');
	for (size_t i = 0; i < local; i++)
		str_addc(&text, 'x');
	str_addc(&text, '@');
	for (size_t i = 0; i < labels; i++)
		str_adds(&text, i ? ".abcdefghi" : "abcdefghij");
	str_addc(&text, '>');
	in = str_view(&text);
	e = address_path(&in, 0, &arena, &a);
	str_free(&text);
	arena_reset(&arena);
	return e;
}

static void
test_limits(void **state UNUSED)
{
	assert_int_equal(parse_sized(64, 18), ADDRESS_FINE);
	assert_int_equal(parse_sized(65, 1), ADDRESS_TOO_LONG);
	assert_int_equal(parse_sized(3, 25), ADDRESS_FINE);
	assert_int_equal(parse_sized(4, 25), ADDRESS_TOO_LONG);
	assert_int_equal(parse_sized(1, 26), ADDRESS_TOO_LONG);
	assert_int_equal(parse_sized(100000, 1), ADDRESS_TOO_LONG);
}

static void
test_helo(void **state UNUSED)
{
	static const struct {
		const char *name;
		bool strict, tolerant;
	} cases[] = {
		{ "mail.example.org", true, true },
		{ "[192.0.2.1]", true, true },
		{ "[IPv6:::1]", true, true },
		{ "192.0.2.1", true, true },	/* labels of digits */
		{ "my_pc", false, true },
		{ "host.", false, true },
		{ "::1", false, true },
		{ "", false, false },
		{ "a b", false, false },
		{ "a\r", false, false },
		{ "a<b>", false, false },
		{ "\xc3\xa4", false, false },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct view v = view_of(cases[i].name);

		assert_int_equal(address_is_helo(v, false), cases[i].strict);
		assert_int_equal(address_is_helo(v, true), cases[i].tolerant);
	}
	assert_true(address_is_domain(view_of("\xc3\xa4.example"), true));
	assert_false(address_is_domain(view_of("\xc3.example"), true));
	assert_false(address_is_domain(view_of("a..b"), false));
}

static void
test_users(void **state UNUSED)
{
	struct arena arena;
	struct address a;
	struct str text = { 0 };
	struct view user, detail;

	arena_init(&arena);
	assert_int_equal(address_parse(view_of("\"Joe B\"@EXAMPLE.org"), 0,
	    &arena, &a), ADDRESS_FINE);
	address_canonical_user(&text, &a);
	assert_string_equal(str_c(&text), "joe b@example.org");
	assert_int_equal(address_parse(view_of("a@b c"), 0, &arena, &a),
	    ADDRESS_SYNTAX);
	assert_true(address_detail(view_of("joe+x-y"), "+-", &user, &detail));
	assert_true(view_is(user, "joe") && view_is(detail, "x-y"));
	assert_false(address_detail(view_of("+joe"), "+", &user, &detail));
	assert_true(view_is(user, "+joe") && detail.n == 0);
	assert_int_equal(user_instance(view_of(""), UINT32_MAX),
	    2166136261u % UINT32_MAX);
	assert_int_equal(user_instance(view_of("a"), 16), 0xe40c292cu % 16);
	str_free(&text);
	arena_reset(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_helo),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
