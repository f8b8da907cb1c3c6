/* SPDX-License-Identifier: ISC */
/*
 * mail_place - names on disk: one spelling each, and back
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/mail/record.h"
#include "lib/mail/place.h"

static void
users_become_paths(void **state UNUSED)
{
	static const struct {
		const char *user, *path;
	} cases[] = {
		{ "alice@example.test", "example.test/alice" },
		{ "a.b+c@x", "x/a.b+c" },
		{ ".hidden@x", "x/%2Ehidden" },
		{ "a/../b@x", "x/a%2F..%2Fb" },
		{ "a@b@x", "x/a@b" },
		{ "\xc3\xa9@x", "x/%C3%A9" },
		{ "..@..", "%2E./%2E." },
		{ "nobody", NULL },
		{ "@x", NULL },
		{ "a@", NULL },
		{ "a\nb@x", NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 };
		bool ok = place_user(view_of(cases[i].user), &out);

		assert_int_equal(ok, cases[i].path != NULL);
		if (ok)
			assert_string_equal(str_c(&out), cases[i].path);
		str_free(&out);
	}
}

static void
mailboxes_become_folders(void **state UNUSED)
{
	static const struct {
		const char *mailbox, *folder;
	} cases[] = {
		{ "", "" },
		{ "inbox", "" },
		{ "Work", ".Work" },
		{ "Work/2026", ".Work.2026" },
		{ "a.b/c", ".a&AC4-b.c" },
		{ "..", ".&AC4-&AC4-" },
		{ "T&J", ".T&-J" },
		{ "\xc3\xa9", ".&AOk-" },
		{ "/a", NULL },
		{ "a//b", NULL },
		{ "a/", NULL },
		{ "a\tb", NULL },
		{ "\xff", NULL },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str out = { 0 }, back = { 0 };
		bool ok = place_folder(view_of(cases[i].mailbox), &out);

		assert_int_equal(ok, cases[i].folder != NULL);
		if (ok)
			assert_string_equal(str_c(&out), cases[i].folder);
		if (ok && out.n > 0) {
			assert_true(place_mailbox(str_view(&out), &back));
			assert_string_equal(str_c(&back), cases[i].mailbox);
		}
		str_free(&out);
		str_free(&back);
	}
}

static void
strange_folders_are_none_of_ours(void **state UNUSED)
{
	static const char *const names[] = { "cur", ".", "..", "..a", ".a..b",
		".&bad", ".a&AC8-b", ".\xc3\xa9" };

	for (size_t i = 0; i < nitems(names); i++) {
		struct str out = { 0 };

		assert_false(place_mailbox(view_of(names[i]), &out));
		str_free(&out);
	}
}

static void
messages_go_there_and_back(void **state UNUSED)
{
	struct place_message m = { .kind = PLACE_DELIVERED,
		.number = 12,
		.content = 0x660F55509D2D5,
		.size = 204,
		.uid = 7,
		.letters = place_letters(FLAG_SEEN | FLAG_FLAGGED | FLAG_RECENT,
		    1 | 1u << 25 | UINT64_C(1) << 40) };
	struct place_message back;
	struct str out = { 0 };

	place_write(&out, &m, "mail.x");
	assert_string_equal(
	    str_c(&out), "000660F55509D2D5.R12.mail.x,S=204,U=7:2,FSaz");
	assert_true(place_parse(str_view(&out), "mail.x", &back));
	assert_true(back.ours && back.sized);
	assert_int_equal(back.kind, PLACE_DELIVERED);
	assert_int_equal(back.number, 12);
	assert_int_equal(back.content, m.content);
	assert_int_equal(back.uid, 7);
	assert_int_equal(back.letters, m.letters);
	assert_int_equal(
	    place_letter_flags(back.letters), FLAG_SEEN | FLAG_FLAGGED);
	assert_int_equal(place_letter_keywords(back.letters), 1 | 1u << 25);
	assert_true(place_parse(str_view(&out), "other", &back));
	assert_false(back.ours);
	str_free(&out);
}

static void
names_from_elsewhere_are_read(void **state UNUSED)
{
	struct place_message m;

	assert_true(place_parse(
	    view_of("1234.M5P6.host,S=99,W=101:2,RS"), "mail.x", &m));
	assert_int_equal(m.kind, PLACE_FOREIGN);
	assert_int_equal(m.size, 99);
	assert_int_equal(m.uid, 0);
	assert_int_equal(m.letters, FLAG_SEEN | FLAG_ANSWERED);
	assert_true(place_parse(view_of("1234"), "mail.x", &m));
	assert_false(m.sized);
	assert_false(place_parse(view_of(".hidden"), "mail.x", &m));
	assert_false(place_parse(view_of(",S=1"), "mail.x", &m));
	assert_true(
	    place_parse(view_of("x,U=99999999999999999999:2,"), "mail.x", &m));
	assert_int_equal(m.uid, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
						users_become_paths),
		cmocka_unit_test(mailboxes_become_folders),
		cmocka_unit_test(strange_folders_are_none_of_ours),
		cmocka_unit_test(messages_go_there_and_back),
		cmocka_unit_test(names_from_elsewhere_are_read) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
