/* SPDX-License-Identifier: ISC */
/*
 * mail_addrlist - address lists of header fields (lib/mail/addrlist.h)
 *
 * Expected lists are written as name|route|local|domain, "-" for what is not
 * there; groups as name: and ;
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "lib/mail/addrlist.h"

static const struct {
	const char *in, *out;
	bool bad;
} cases[] = {
	{ "a@b", "-|-|a|b ", false },
	{ "a@b, c@d", "-|-|a|b -|-|c|d ", false },
	{ "John Smith <j.s@x.org>", "John Smith|-|j.s|x.org ", false },
	{ "\"Smith, \\\"J\\\"\" <j@x>", "Smith, \"J\"|-|j|x ", false },
	{ "j@x (John (the) Smith)", "John (the) Smith|-|j|x ", false },
	{ "<j@x> (John)", "John|-|j|x ", false },
	{ "<@a,@b.c:j@x>", "-|@a,@b.c|j|x ", false },
	{ "A group:Ed <e@d>,j@o;", "A group: Ed|-|e|d -|-|j|o ; ", false },
	{ "Undisclosed:;", "Undisclosed: ; ", false },
	{ "Undisclosed:; , a@b", "Undisclosed: ; -|-|a|b ", false },
	{ "=?utf-8?Q?J=C3=B6?= <j@x>", "=?utf-8?Q?J=C3=B6?=|-|j|x ", false },
	{ "John\r\n  Q. Public<j@x>", "John Q. Public|-|j|x ", false },
	{ " Pete(x) <pete(y)@silly.test(z)>", "Pete|-|pete|silly.test ",
	    false },
	{ "a . b @ c . d", "-|-|a.b|c.d ", false },
	{ "\"a b\"@c", "-|-|a b|c ", false },
	{ "\"a\".b@c", "-|-|a.b|c ", false },
	{ "a@[1.2.3.4]", "-|-|a|[1.2.3.4] ", false },
	{ ",,a@b,,", "-|-|a|b ", false },
	{ "", "", false },
	{ " (only a comment) ", "", false },
	{ "root", "-|-|root| ", true },
	{ "root, a@b", "-|-|root| -|-|a|b ", true },
	{ "<root>", "-|-|root| ", true },
	{ "John <>", "John|-|| ", true },
	{ "a@b <a@b>", "a@b|-|a|b ", true },
	{ "a@b; c@d", "-|-|a|b -|-|c|d ", true },
	{ "a b@c", "-|-|a b|c ", true },
	{ "<a@b> junk, c@d", "-|-|a|b -|-|c|d ", true },
	{ "<a@b junk>, c@d", "-|-|a|b -|-|c|d ", true },
	{ "<a@b", "-|-|a|b ", true },
	{ "g: a@b", "g: -|-|a|b ; ", true },
	{ "(never closed", "", true },
	{ "\"never closed", "-|-|never closed| ", true },
	{ "@", "-|-|| ", true },
	{ "@@@,a@b", "-|-|| -|-|a|b ", true },
	{ "\\", "-|-|\\| ", true },
	{ ":a@b", "-|-|a|b ", true },
	{ "a@[1", "-|-|a|[1 ", true },
	{ ">a@b<", ">a@b|-|| ", true },
};

static void
show(struct str *out, struct view v)
{
	if (v.p == NULL)
		str_addc(out, '-');
	else
		str_add(out, v);
}

static void
show_list(struct str *out, const struct addrlist *l)
{
	for (const struct addrlist_entry *e = l->first; e; e = e->next) {
		if (e->kind == ADDRLIST_GROUP_BEGIN) {
			str_addf(out, "%.*s: ", VIEW(e->local));
		} else if (e->kind == ADDRLIST_GROUP_END) {
			str_adds(out, "; ");
		} else {
			show(out, e->name);
			str_addc(out, '|');
			show(out, e->route);
			str_addc(out, '|');
			show(out, e->local);
			str_addc(out, '|');
			show(out, e->domain);
			str_addc(out, ' ');
		}
	}
}

static void
test_lists(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct addrlist l;
		struct arena a;
		struct str text = { 0 };

		arena_init(&a);
		addrlist_init(&l);
		addrlist_add(&l, view_of(cases[i].in), ADDRLIST_MAX, &a);
		show_list(&text, &l);
		assert_string_equal(str_c(&text), cases[i].out);
		assert_int_equal(l.bad, cases[i].bad);
		assert_false(l.cut);
		str_free(&text);
		arena_reset(&a);
	}
}

/* Where the parts of an address stand, with whatever is between them. */
static void
test_places(void **state UNUSED)
{
	static const struct {
		const char *in, *local, *domain;
	} places[] = {
		{ "X <a@b>", "a", "b" },
		{ " \"q \\\" q\" @ b (c)", "\"q \\\" q\"", "b" },
		{ "<@r,@s:a . \"b\" (x)@ c .\r\n d >", "a . \"b\"",
		    "c .\r\n d" },
		{ "x@y <a@[1.2.3.4]> z", "a", "[1.2.3.4]" },
		{ "\"\" a@b", "\"\" a", "b" },
		{ "g: (c) a@b, c@d;", "a", "b" },
	};

	for (size_t i = 0; i < nitems(places); i++) {
		struct arena a = { 0 };
		const struct addrlist_entry *e;
		struct addrlist l;

		addrlist_init(&l);
		addrlist_add(&l, view_of(places[i].in), ADDRLIST_MAX, &a);
		e = l.first;
		if (e->kind == ADDRLIST_GROUP_BEGIN)
			e = e->next;
		assert_true(view_is(e->local_at, places[i].local));
		assert_true(view_is(e->domain_at, places[i].domain));
		arena_reset(&a);
	}
}

/* Time on the processor: other work on the machine does not count. */
static int64_t
cpu_ms(void)
{
	return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* The time and the count for n times a piece. */
static int64_t
hostile(const char *piece, size_t n, size_t *count)
{
	struct addrlist l;
	struct arena a;
	struct str text = { 0 };
	int64_t begin;

	for (size_t i = 0; i < n; i++)
		str_adds(&text, piece);
	arena_init(&a);
	addrlist_init(&l);
	begin = cpu_ms();
	addrlist_add(&l, str_view(&text), ADDRLIST_MAX, &a);
	begin = cpu_ms() - begin;
	*count = l.count;
	str_free(&text);
	arena_reset(&a);
	return begin;
}

static void
test_hostile(void **state UNUSED)
{
	static const char *const pieces[] = { "(", ")", "((\\", "\"", "<", ">",
		"@", ",", ":", ";", "a@b,", "<@a,@b:", "a:", "g:;", "a ", ".",
		"\\", "[", "a@b<", "x@y (c) ", "\r\n " };
	size_t count;

	for (size_t i = 0; i < nitems(pieces); i++) {
		assert_true(hostile(pieces[i], 1000000, &count) < 2000);
		assert_true(count <= ADDRLIST_MAX + 1);
	}
	hostile("a@b,", 100000, &count);
	assert_int_equal(count, 100000);
}

static void
test_to_address(void **state UNUSED)
{
	struct addrlist l;
	struct arena a;
	struct address out;
	const struct addrlist_entry *e;

	arena_init(&a);
	addrlist_init(&l);
	addrlist_add(&l, view_of("X <a@b>, c, \"q q\"@[1.2.3.4], d@e_f"), 9,
	    &a);
	e = l.first;
	assert_true(addrlist_address(e, 0, &out));
	assert_true(view_is(out.local, "a") && !out.literal);
	e = e->next;
	assert_false(addrlist_address(e, 0, &out));
	e = e->next;
	assert_true(addrlist_address(e, 0, &out) && out.literal);
	assert_false(addrlist_address(e->next, 0, &out));
	/* what address_parse() would not take: a label not of IDNA2008 */
	addrlist_init(&l);
	addrlist_add(&l, view_of("a@gr\xc3\xbc\xc3\x9f" "e.test, "
	    "b@t\xc3\x9ell.test"), 2, &a);
	assert_true(addrlist_address(l.first, ADDRESS_UTF8, &out));
	assert_false(addrlist_address(l.first->next, ADDRESS_UTF8, &out));
	arena_reset(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_to_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
