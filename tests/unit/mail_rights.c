/* SPDX-License-Identifier: ISC */
/*
 * mail_rights - letters, identifiers, and what a list comes to for whom
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/mail/rights.h"
#include "lib/mail/shared.h"

#define ANNA	"anna@example.test"
#define BOB	"bob@example.test"
#define CARL	"carl@elsewhere.test"

static void
letters_and_changes(void **state UNUSED)
{
	static const struct {
		const char *before, *change, *after, *old_words;
	} cases[] = {
		{ "", "lrs", "lrs", "lrs" },
		{ "lr", "", "", "" },
		{ "lr", "+s", "lrs", "lrs" },
		{ "lrs", "-ls", "r", "r" },
		{ "lrs", "-x", "lrs", "lrs" },
		{ "", "aetxkpiwsrl", "lrswipkxtea", "lrswipkxteacd" },
		{ "", "c", "kx", "kxc" },
		{ "", "lrd", "lrte", "lrted" },
		{ "lrte", "-d", "lr", "lr" },
		{ "lrte", "-t", "lre", "lred" },
		{ "k", "+cd", "kxte", "kxtecd" },
		{ "lr", "+", "lr", "lr" },
		{ "lr", "lrQ", NULL, NULL },
		{ "lr", "L", NULL, NULL },
		{ "lr", "l r", NULL, NULL },
		{ "lr", "+-l", NULL, NULL },
		{ "lr", "n", NULL, NULL },
		{ "lr", "0", NULL, NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str plain = { 0 }, old = { 0 };
		uint32_t r;
		bool ok;

		assert_true(rights_parse(view_of(cases[i].before), &r));
		ok = rights_change(view_of(cases[i].change), &r);
		assert_int_equal(ok, cases[i].after != NULL);
		rights_write(&plain, r, false);
		rights_write(&old, r, true);
		if (ok) {
			assert_string_equal(str_c(&plain), cases[i].after);
			assert_string_equal(str_c(&old), cases[i].old_words);
		}
		str_free(&plain);
		str_free(&old);
	}
}

static void
a_nul_is_no_right(void **state UNUSED)
{
	uint32_t r;

	assert_false(rights_parse(view_bytes("l\0r", 3), &r));
}

static void
one_spelling_of_an_identifier(void **state UNUSED)
{
	static const struct {
		const char *given, *is;
	} cases[] = {
		{ "anyone", "anyone" },
		{ "Anyone", "anyone" },
		{ "-anyone", "-anyone" },
		{ "bob", BOB },
		{ "-Bob", "-" BOB },
		{ "Bob@Example.TEST", BOB },
		{ "@Elsewhere.test", "@elsewhere.test" },
		{ "-@elsewhere.test", "-@elsewhere.test" },
		{ "b\xc3\xb6" "b", "b\xc3\xb6" "b@example.test" },
		{ "", NULL },
		{ "-", NULL },
		{ "@", NULL },
		{ "bob@", NULL },
		{ "--bob", NULL },
		{ "+bob", NULL },
		{ "$team", NULL },
		{ "#group", NULL },
		{ "owner", NULL },
		{ "Authenticated", NULL },
		{ "bo b", NULL },
		{ "bo\nb", NULL },
		{ "bo\x7f" "b", NULL },
		{ "\xff", NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };
		bool ok = rights_identifier(view_of(cases[i].given),
		    view_of(ANNA), &out);

		assert_int_equal(ok, cases[i].is != NULL);
		if (ok)
			assert_string_equal(str_c(&out), cases[i].is);
		str_free(&out);
	}
}

/* The list is "identifier letters identifier letters ...". */
static uint32_t
sum(const char *user, const char *list)
{
	struct view rest = view_of(list);
	struct rights_sum s;

	rights_begin(&s, view_of(user), view_of(ANNA));
	while (rest.n > 0) {
		struct view identifier = view_cut(&rest, ' ');

		rights_add(&s, identifier, view_cut(&rest, ' '));
	}
	return rights_end(&s);
}

static void
what_a_list_comes_to(void **state UNUSED)
{
	static const struct {
		const char *list, *user, *rights;
	} cases[] = {
		{ "", ANNA, "lrswipkxtea" },
		{ "", BOB, "" },
		{ "", CARL, "" },
		{ BOB " lrs", BOB, "lrs" },
		{ BOB " lrs", CARL, "" },
		{ BOB " lrs", ANNA, "lrswipkxtea" },
		/* all that fit are added up */
		{ "anyone l " BOB " r @example.test s", BOB, "lrs" },
		{ "anyone l " BOB " r @example.test s", CARL, "l" },
		{ "@elsewhere.test lr", CARL, "lr" },
		{ "@test lr", CARL, "" },
		{ "@ELSEWHERE.test lr", CARL, "" },
		/* and all that fit take away */
		{ "anyone lrs -" BOB " s", BOB, "lr" },
		{ "anyone lrs -" BOB " s", CARL, "lrs" },
		{ BOB " lrs -anyone s", BOB, "lr" },
		{ "-@example.test lrs " BOB " lrs", BOB, "" },
		{ "-" BOB " lrs", BOB, "" },
		/* the owner: what he says of himself, and always a */
		{ ANNA " lr", ANNA, "lra" },
		{ ANNA " ", ANNA, "a" },
		{ "-" ANNA " xa", ANNA, "lrswipktea" },
		{ "-anyone x", ANNA, "lrswipktea" },
		{ "anyone lr", ANNA, "lrswipkxtea" },
		/* rows of somebody else's making */
		{ BOB " lQr", BOB, "" },
		{ "-" BOB " Q " BOB " l", BOB, "l" },
		{ "bob lr", BOB, "" },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };

		rights_write(&out, sum(cases[i].user, cases[i].list), false);
		assert_string_equal(str_c(&out), cases[i].rights);
		str_free(&out);
	}
}

static void
who_fits(void **state UNUSED)
{
	struct view user = view_of(BOB);

	assert_true(view_is(rights_fitting(user, 0), "anyone"));
	assert_true(view_is(rights_fitting(user, 1), BOB));
	assert_true(view_is(rights_fitting(user, 2), "@example.test"));
	assert_int_equal(rights_fitting(user, 3).n, 0);
}

static void
names_of_others(void **state UNUSED)
{
	static const struct {
		const char *name, *owner, *mailbox;
	} cases[] = {
		{ "Other Users/" ANNA "/Work", ANNA, "Work" },
		{ "Other Users/" ANNA "/Work/2026", ANNA, "Work/2026" },
		{ "Other Users/" ANNA "/INBOX", ANNA, "INBOX" },
		{ "Other Users/" ANNA, ANNA, "" },
		{ "Other Users/a%2Fb@x/Work", "a/b@x", "Work" },
		{ "Other Users/100%25@x/W", "100%@x", "W" },
		{ "Other Users/a%2fb@x/Work", NULL, NULL },
		{ "Other Users/a%@x/Work", NULL, NULL },
		{ "Other Users//Work", NULL, NULL },
		{ "Other Users/", NULL, NULL },
		{ "Other Users", NULL, NULL },
		{ "Other", NULL, NULL },
		{ "other users/" ANNA "/Work", NULL, NULL },
		{ "INBOX", NULL, NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str owner = { 0 }, back = { 0 };
		struct view name = view_of(cases[i].name), mailbox;
		bool ok = shared_parse(name, &owner, &mailbox);

		assert_int_equal(ok, cases[i].owner != NULL);
		if (ok) {
			assert_string_equal(str_c(&owner), cases[i].owner);
			assert_true(view_is(mailbox, cases[i].mailbox));
			assert_true(shared_is(name));
		}
		if (ok && mailbox.n > 0) {
			shared_write(&back, str_view(&owner), mailbox);
			assert_string_equal(str_c(&back), cases[i].name);
		}
		str_free(&owner);
		str_free(&back);
	}
	assert_true(shared_is(view_of("Other Users")));
	assert_false(shared_is(view_of("Other Users2")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_and_changes),
		cmocka_unit_test(a_nul_is_no_right),
		cmocka_unit_test(one_spelling_of_an_identifier),
		cmocka_unit_test(what_a_list_comes_to),
		cmocka_unit_test(who_fits),
		cmocka_unit_test(names_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
