/* SPDX-License-Identifier: ISC */
/*
 * deliver_letter - mails as commands and files get them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "deliver/letter.h"
#include "lib/base/file.h"

static struct order order;

static void
set_order(const char *sender)
{
	const char *const field[ORDER_FIELDS] = { "0000000000000001", "0",
		"0", "3", "1700000000", sender, "first@x.test", "a+b@x.test",
		"|true" };

	assert_true(order_take(&order, field));
}

/* What comes, read by n octets at a time. */
static void
letter_of(const char *content, enum letter_form form, size_t n,
    struct str *out)
{
	struct str text = { 0 };
	struct letter l;
	char piece[64];
	ssize_t got;
	int fd;

	str_adds(&text, "RP\n");	/* the skipped octets */
	str_adds(&text, content);
	fd = file_memfd("content", str_view(&text));
	str_reset(out);
	letter_open(&l, fd, &order, form, 1700000000);
	while ((got = letter_read(&l, piece, n)) > 0)
		str_addn(out, piece, (size_t)got);
	assert_int_equal(got, 0);
	letter_close(&l);
	close(fd);
	str_free(&text);
}

#define FIELDS	"Return-Path: <s@x.test>\nX-Original-To: first@x.test\n"      \
		"Delivered-To: a+b@x.test\n"
#define FROM	"From s@x.test Tue Nov 14 22:13:20 2023\n"

static const struct {
	enum letter_form form;
	const char *content, *letter;
} cases[] = {
	{ LETTER_MAILDIR, "A: b\r\n\r\nc\r\n", FIELDS "A: b\n\nc\n" },
	{ LETTER_MAILDIR, "A: b\r\n\r\nFrom c\r\n", FIELDS "A: b\n\nFrom c\n" },
	{ LETTER_MAILDIR, "A: b\r\n\r\nc", FIELDS "A: b\n\nc\n" },
	{ LETTER_MAILDIR, "\r\r\n\r", FIELDS "\r\n\r\n" },
	{ LETTER_MAILDIR, "a\rb\nc\r\r\r\n", FIELDS "a\rb\nc\r\r\n" },
	{ LETTER_MAILDIR, "", FIELDS },
	{ LETTER_COMMAND, "A: b\r\n\r\nFrom c\r\n",
	    FROM FIELDS "A: b\n\nFrom c\n" },
	{ LETTER_MBOX, "A: b\r\n\r\nFrom c\r\nFrom\r\nFro",
	    FROM FIELDS "A: b\n\n>From c\nFrom\nFro\n\n" },
	{ LETTER_MBOX, "From x\r\nFFrom \r\nFrFrom \r\n>From ",
	    FROM FIELDS ">From x\nFFrom \nFrFrom \n>From \n\n" },
	{ LETTER_MBOX, "x From y\r\nFrom ", FROM FIELDS "x From y\n>From \n\n" },
	{ LETTER_MBOX, "", FROM FIELDS "\n" },
};

static void
test_forms(void **state UNUSED)
{
	struct str out = { 0 };

	set_order("s@x.test");
	for (size_t i = 0; i < nitems(cases); i++)
		for (size_t n = 1; n < 64; n += 62) {
			letter_of(cases[i].content, cases[i].form, n, &out);
			assert_string_equal(str_c(&out), cases[i].letter);
		}
	str_free(&out);
}

static void
test_sender(void **state UNUSED)
{
	struct str out = { 0 };

	set_order("");
	letter_of("", LETTER_MBOX, 64, &out);
	assert_true(view_starts(str_view(&out), VIEW_LIT("From MAILER-DAEMON "
	    "Tue Nov 14 22:13:20 2023\nReturn-Path: <>\n")));
	set_order("\"a b\"@x.test");
	letter_of("", LETTER_MBOX, 64, &out);
	assert_true(view_starts(str_view(&out),
	    VIEW_LIT("From \"a-b\"@x.test Tue")));
	str_free(&out);
}

static void
test_large(void **state UNUSED)
{
	struct str content = { 0 }, wanted = { 0 }, out = { 0 };

	set_order("s@x.test");
	str_adds(&wanted, FROM FIELDS);
	for (int i = 0; i < 40000; i++) {	/* over the ends of steps */
		str_adds(&content, "From \r\n");
		str_adds(&wanted, ">From \n");
	}
	str_adds(&wanted, "\n");
	letter_of(str_c(&content), LETTER_MBOX, 64, &out);
	assert_true(view_eq(str_view(&out), str_view(&wanted)));
	str_free(&content);
	str_free(&wanted);
	str_free(&out);
}

static void
test_loops(void **state UNUSED)
{
	static const struct {
		const char *content;
		bool loop;
	} loops[] = {
		{ "RP\nDelivered-To: a+b@x.test\r\n\r\n", true },
		{ "RP\nX: y\r\ndelivered-to:\r\n A+B@X.test\r\n\r\n", true },
		{ "RP\nDelivered-To: a@x.test\r\n\r\n", false },
		{ "RP\n\r\nDelivered-To: a+b@x.test\r\n", false },
		{ "RP\n", false },
		{ "", false },
	};

	set_order("s@x.test");
	for (size_t i = 0; i < nitems(loops); i++) {
		int fd = file_memfd("content", view_of(loops[i].content));

		assert_int_equal(letter_is_loop(fd, &order), loops[i].loop);
		close(fd);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_loops),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
