/* SPDX-License-Identifier: ISC */
/*
 * mail_mbox - mbox files and lists of UIDs, as other servers write them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/mail/mbox.h"
#include "lib/mail/uidlist.h"
#include "lib/mail/wire.h"

#define THEN "From a@b Thu Jan 10 21:20:01 2008\n"

static const struct {
	const char *text;
	size_t messages;
	const char *last;	/* as it was sent */
	const char *left;	/* that is no message */
} files[] = {
	{ "", 0, "", "" },
	{ "Subject: x\n\n", 0, "", "Subject: x\n\n" },
	{ THEN "A: 1\n\none\n", 1, "A: 1\n\none\n", "" },
	{ THEN "A: 1\n\none\n\n", 1, "A: 1\n\none\n", "" },
	{ THEN "A: 1\n\none\n\n" THEN "A: 2\n\ntwo\n", 2, "A: 2\n\ntwo\n", "" },
	/* no empty line, or no date: no beginning */
	{ THEN "A: 1\n\none\n" THEN "x\n", 1, "A: 1\n\none\n" THEN "x\n", "" },
	{ THEN "A: 1\n\n\nFrom you\n", 1, "A: 1\n\n\nFrom you\n", "" },
	{ THEN "A: 1\n\n>From a\n>>From b\n> From c\n>Frome\n", 1,
	    "A: 1\n\nFrom a\n>From b\n> From c\n>Frome\n", "" },
	{ THEN "Status: RO\nA: 1\nX-UID: 4\n\n", 1, "A: 1\n", "" },
	{ THEN, 1, "", "" },
	{ "From \"a b\" c@d  Fri Feb  1 01:02:03 MET 2008\nA: 1\n\n.\n", 1,
	    "A: 1\n\n.\n", "" },
};

static void
test_files(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(files); i++) {
		struct view rest = view_of(files[i].text);
		struct str out = { 0 };
		struct mbox_message m;
		struct mbox_state s;
		size_t n = 0;

		print_message("%s--\n", files[i].text);
		for (; mbox_next(&rest, &m); n++) {
			str_reset(&out);
			mbox_read(m.raw, &out, &s);
		}
		assert_int_equal(n, files[i].messages);
		assert_string_equal(str_c(&out), files[i].last);
		assert_true(view_is(rest, files[i].left));
		str_free(&out);
	}
}

static void
test_dates(void **state UNUSED)
{
	static const struct {
		const char *line;
		int64_t date;
	} dates[] = {
		{ "From a@b Thu Jan 10 21:20:01 2008\n", 1200000001 },
		{ "From a@b Thu Jan 10 22:20:01 +0100 2008\n", 1200000001 },
		{ "From a@b Thu Jan 10 22:20:01 2008 +0100\n", 1200000001 },
		{ "From a@b Thu Jan 10 21:20 2008\r\n", 1200000000 },
	};
	struct mbox_message m;

	for (size_t i = 0; i < nitems(dates); i++) {
		struct view rest = view_of(dates[i].line);

		assert_true(mbox_next(&rest, &m));
		assert_int_equal(m.date, dates[i].date);
	}
}

static void
test_state(void **state UNUSED)
{
	struct str out = { 0 };
	struct mbox_state s;

	mbox_read(view_of("X-IMAPbase: 77 0000000012 x\nStatus: RO\n"
	    "X-Status: AFDT\nX-Keywords: one two\nX-UID: 4\n\n"), &out, &s);
	assert_int_equal(s.uidvalidity, 77);
	assert_int_equal(s.uidlast, 12);
	assert_int_equal(s.uid, 4);
	assert_string_equal(s.letters, "SRFTD");
	assert_true(view_is(s.keywords, "one two"));
	assert_false(s.internal);
	mbox_read(view_of("X-IMAP: 77 12\n\n"), &out, &s);
	assert_true(s.internal);
	str_free(&out);
}

/* What is written is read as it was. */
static void
test_write(void **state UNUSED)
{
	static const struct {
		const char *message, *read;
	} messages[] = {
		{ "A: 1\n\nFrom a\n>From b\n\nFrom c\n",
		    "A: 1\n\nFrom a\n>From b\n\nFrom c\n" },
		{ "Status: RO\nA: 1\nX-UID: 7\n\nno end", "A: 1\n\nno end\n" },
		{ "", "" },
	};

	for (size_t i = 0; i < nitems(messages); i++) {
		struct str file = { 0 }, out = { 0 };
		struct mbox_message m;
		struct mbox_state s;
		struct view rest;

		str_adds(&file, THEN "X-UID: 3\n");
		mbox_write(view_of(messages[i].message), &file);
		str_adds(&file, THEN "B: 2\n\n");
		rest = str_view(&file);
		assert_true(mbox_next(&rest, &m));
		mbox_read(m.raw, &out, &s);
		assert_string_equal(str_c(&out), messages[i].read);
		assert_int_equal(s.uid, 3);
		assert_true(mbox_next(&rest, &m));
		assert_int_equal(rest.n, 0);
		str_free(&file);
		str_free(&out);
	}
}

static void
test_uidlist(void **state UNUSED)
{
	struct uidlist_line line;
	struct uidlist l;

	assert_false(uidlist_begin(&l, VIEW_NONE));
	assert_false(uidlist_begin(&l, view_of("2 V1\n")));
	assert_false(uidlist_begin(&l, view_of("3 N4\n")));
	assert_true(uidlist_begin(&l, view_of("3 V7 N9 Gx\n"
	    "3 W4 Pa.b :one,S=3:2,S\nwrong\n2 :low\n8\n8 x\n12 :two\n")));
	assert_int_equal(l.uidvalidity, 7);
	assert_true(uidlist_next(&l, &line));
	assert_int_equal(line.uid, 3);
	assert_true(view_is(line.base, "one,S=3"));
	assert_true(view_is(line.uidl, "a.b"));
	assert_true(uidlist_next(&l, &line));
	assert_int_equal(line.uid, 12);
	assert_false(uidlist_next(&l, &line));
	assert_int_equal(l.uidnext, 13);
	assert_true(uidlist_begin(&l, view_of("1 5 6\n2 name:2,RS\n")));
	assert_true(uidlist_next(&l, &line));
	assert_true(view_is(line.base, "name"));
	assert_int_equal(l.uidnext, 6);
}

static void
test_wire(void **state UNUSED)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
		{ "a\nb\r\nc\n\n", "a\r\nb\r\nc\r\n\r\n" },
		{ "\n", "\r\n" },
		{ "a\r\r\nb\n", "a\r\r\nb\r\n" },
		{ "\ra\n", "\ra\r\n" },
	};
	struct str out = { 0 };

	for (size_t i = 0; i < nitems(texts); i++) {
		str_reset(&out);
		assert_true(wire_lines(view_of(texts[i].in), &out));
		assert_string_equal(out.p, texts[i].out);
	}
	assert_false(wire_lines(view_of("a\r\nb\r"), &out));
	str_reset(&out);
	wire_to_lf(view_of("a\r\n\r\n\r\r\nb\r"), &out);
	assert_string_equal(out.p, "a\n\n\r\nb\r");
	str_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_uidlist),
		cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
