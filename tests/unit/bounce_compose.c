/* SPDX-License-Identifier: ISC */
/*
 * bounce_compose - reports as their readers need them (bounce/compose.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bounce/compose.h"
#include "lib/mail/header.h"
#include "lib/mail/mime.h"

static const struct view mail = VIEW_LIT("Subject: hello\r\n"
    "Message-ID: <1@example.org>\r\n\r\nbody\r\n");

static const struct notice_rcpt two[] = {
	{ VIEW_LIT("list@example.test"), VIEW_LIT("a@remote.test"),
	    VIEW_LIT("1.1"), VIEW_LIT("no such user"),
	    VIEW_LIT("mx.remote.test[192.0.2.1]:25"), VIEW_LIT(""),
	    VIEW_LIT("") },
	{ VIEW_LIT("b@example.test"), VIEW_LIT("b@example.test"),
	    VIEW_LIT("2.2"), VIEW_LIT("mailbox is full"),
	    VIEW_LIT("local"), VIEW_LIT("rfc822;B@example.test"),
	    VIEW_LIT("") },
};

static struct notice
sample(enum notice_kind kind)
{
	return (struct notice){ .kind = kind,
		.host = VIEW_LIT("mx.example.test"),
		.sender = VIEW_LIT("s@example.org"),
		.envid = VIEW_LIT("QQ314159"), .arrival = 1000000000,
		.until = 1000432000, .now = 1000000005, .id = 0xABCDEF,
		.unique = 0x123456789, .n = 2, .rcpt = two,
		.original = mail, .whole = true };
}

static bool
has(const struct str *s, const char *text)
{
	return view_search(str_view(s), view_of(text)) < s->n;
}

static struct view
field(const struct str *s, const char *name)
{
	struct view v = VIEW_NONE;

	assert_true(header_find(str_view(s), name, &v));
	return v;
}

/* Every line ends with CR LF, none is too long, no control byte is in it. */
static void
check_wire(const struct str *s)
{
	size_t line = 0;

	for (size_t i = 0; i < s->n; i++) {
		unsigned char c = (unsigned char)s->p[i];

		if (c == '\n') {
			assert_int_equal(s->p[i - 1], '\r');
			line = 0;
			continue;
		}
		if (c == '\r')
			assert_int_equal(s->p[i + 1], '\n');
		else
			assert_true(c >= 32 || c == '\t');
		assert_true(++line < 998);
	}
	assert_true(view_ends(str_view(s), VIEW_LIT("\r\n")));
}

static void
test_header(void **state UNUSED)
{
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };
	size_t skip = compose(&s, &n);

	assert_int_equal(skip, strlen("Return-Path: <>\r\n"));
	assert_true(view_starts(str_view(&s),
	    VIEW_LIT("Return-Path: <>\r\nReceived: ")));
	assert_true(view_is(field(&s, "From"), "Mail Delivery System "
	    "<MAILER-DAEMON@mx.example.test>"));
	assert_true(view_is(field(&s, "To"), "s@example.org"));
	assert_true(view_is(field(&s, "Auto-Submitted"), "auto-replied"));
	assert_true(view_is(field(&s, "References"), "<1@example.org>"));
	assert_true(view_starts(field(&s, "Content-Type"),
	    VIEW_LIT("multipart/report; report-type=delivery-status;")));
	check_wire(&s);
	str_free(&s);
}

static void
test_parts(void **state UNUSED)
{
	static const char *const types[] = { "plain", "delivery-status",
		"rfc822" };
	struct notice n = sample(NOTICE_FAILED);
	struct arena a = { 0 };
	struct mime_part *root;
	struct str s = { 0 };
	size_t i = 0;

	compose(&s, &n);
	arena_init(&a);
	root = mime_parse(str_view(&s), &a);
	assert_true(view_isi(root->subtype, "report"));
	for (struct mime_part *p = root->child; p != NULL; p = p->next) {
		assert_true(i < nitems(types));
		assert_true(view_isi(p->subtype, types[i++]));
	}
	assert_int_equal(i, 3);
	arena_reset(&a);
	str_free(&s);
}

static void
test_status_fields(void **state UNUSED)
{
	static const char *const want[] = {
		"\r\n\r\nReporting-MTA: dns; mx.example.test\r\n",
		"\r\nOriginal-Envelope-Id: QQ314159\r\n",
		"\r\nArrival-Date: Sun, 9 Sep 2001 01:46:40 +0000\r\n",
		"\r\n\r\nFinal-Recipient: rfc822; a@remote.test\r\n"
		"Action: failed\r\nStatus: 5.1.1\r\n"
		"Remote-MTA: dns; mx.remote.test\r\n"
		"Diagnostic-Code: smtp; no such user\r\n",
		"\r\n\r\nOriginal-Recipient: rfc822;B@example.test\r\n"
		"Final-Recipient: rfc822; b@example.test\r\n"
		"Action: failed\r\nStatus: 5.2.2\r\n"
		"Diagnostic-Code: X-Posthouse; mailbox is full\r\n",
		"<a@remote.test> (expanded from <list@example.test>)",
	};
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	compose(&s, &n);
	for (size_t i = 0; i < nitems(want); i++)
		if (!has(&s, want[i]))
			fail_msg("missing: %s\nin: %s", want[i], str_c(&s));
	assert_false(has(&s, "Will-Retry-Until"));
	str_free(&s);
}

static void
test_kinds(void **state UNUSED)
{
	struct notice n = sample(NOTICE_DELAYED);
	struct str s = { 0 };

	n.whole = false;
	n.original.n = header_size(mail);
	compose(&s, &n);
	assert_true(has(&s, "Action: delayed\r\nStatus: 4.1.1\r\n"));
	assert_true(has(&s, "Will-Retry-Until: Fri, 14 Sep 2001 01:46:40"));
	assert_true(has(&s, "Content-Type: text/rfc822-headers\r\n"));
	assert_false(has(&s, "\r\nbody\r\n"));
	str_reset(&s);
	n.kind = NOTICE_DELIVERED;
	n.original = VIEW_NONE;
	compose(&s, &n);
	assert_true(has(&s, "Action: delivered\r\nStatus: 2.1.1\r\n"));
	assert_false(has(&s, "Diagnostic-Code"));
	assert_false(has(&s, "rfc822-headers"));
	check_wire(&s);
	str_free(&s);
}

static void
test_late_and_expanded(void **state UNUSED)
{
	struct notice n = sample(NOTICE_LATE);
	struct str s = { 0 };

	compose(&s, &n);
	assert_true(has(&s, "Action: delayed\r\nStatus: 4.1.1\r\n"));
	assert_true(has(&s, "Will-Retry-Until: Fri, 14 Sep 2001 01:46:40"));
	assert_true(has(&s, "by the time\r\nthat you set"));
	check_wire(&s);
	str_reset(&s);
	n.kind = NOTICE_EXPANDED;
	compose(&s, &n);
	assert_true(has(&s, "Action: expanded\r\nStatus: 2.1.1\r\n"));
	assert_false(has(&s, "Diagnostic-Code"));
	assert_false(has(&s, "Will-Retry-Until"));
	check_wire(&s);
	str_free(&s);
}

/* A report that says 7bit is 7bit, whatever others said. */
static void
test_seven_bits(void **state UNUSED)
{
	static const struct notice_rcpt loud[] = { {
		VIEW_LIT("a@example.test"), VIEW_LIT("a@example.test"),
		VIEW_LIT("1.1"), VIEW_LIT("unbekannt: M\xc3\xbcller \xff"),
		VIEW_LIT("m\xc3\xbc[192.0.2.1]"), VIEW_LIT(""),
		VIEW_LIT("") } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	n.rcpt = loud;
	n.n = 1;
	n.envid = VIEW_LIT("e\xc3\xbc");
	assert_int_equal(compose_body(&n), 0);
	compose(&s, &n);
	for (size_t i = 0; i < s.n; i++)
		assert_true((unsigned char)s.p[i] < 128);
	check_wire(&s);
	str_free(&s);
}

/* UTF-8 in the header of an SMTPUTF8 mail (RFC 6533), and in an ORCPT. */
static void
test_global(void **state UNUSED)
{
	static const struct notice_rcpt orcpt[] = { {
		VIEW_LIT("a@example.test"), VIEW_LIT("a@example.test"),
		VIEW_LIT("1.1"), VIEW_LIT("no"), VIEW_LIT("local"),
		VIEW_LIT("utf-8;p\xc3\xa9@example.test"), VIEW_LIT("") } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	n.original = VIEW_LIT("Subject: p\xc3\xa9\r\n\r\nx\r\n");
	assert_int_equal(compose_body(&n), 1);
	n.utf8 = true;
	assert_int_equal(compose_body(&n), 3);
	compose(&s, &n);
	assert_true(has(&s, "Content-Type: message/global\r\n"));
	assert_true(has(&s, "Final-Recipient: rfc822; b@example.test"));
	str_reset(&s);
	n = sample(NOTICE_FAILED);
	n.rcpt = orcpt;
	n.n = 1;
	assert_int_equal(compose_body(&n), 2 | 1);
	compose(&s, &n);
	assert_true(has(&s, "Original-Recipient: utf-8;p\xc3\xa9@"));
	str_free(&s);
}

/* What others said cannot end a line, a field or a part. */
static void
test_hostile_texts(void **state UNUSED)
{
	static const struct notice_rcpt evil[] = { {
		VIEW_LIT("x\r\nBcc: y@z"), VIEW_LIT("x\r\n\r\n.@z"),
		VIEW_LIT("1.1\r\nX: y"), VIEW_LIT("no\r\n--=_report\r\n"),
		VIEW_LIT("h[\r\n]"), VIEW_LIT("rfc822;\n\r\0"), VIEW_LIT("") } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };
	struct view bcc;

	n.rcpt = evil;
	n.n = 1;
	n.sender = VIEW_LIT("s@x\r\nBcc: y");
	n.envid = VIEW_LIT("e\r\n\r\n");
	n.original = VIEW_LIT("Subject: no line end");
	compose(&s, &n);
	check_wire(&s);
	assert_false(header_find(str_view(&s), "Bcc", &bcc));
	assert_false(has(&s, "\nBcc"));
	assert_false(has(&s, "\n--=_report\r"));
	str_free(&s);
}

static void
test_international(void **state UNUSED)
{
	static const struct notice_rcpt utf8[] = { {
		VIEW_LIT("p\xc3\xa9t\xc3\xa9@example.test"),
		VIEW_LIT("p\xc3\xa9t\xc3\xa9@example.test"), VIEW_LIT("1.1"),
		VIEW_LIT("no"), VIEW_LIT("local"), VIEW_LIT(""), VIEW_LIT("") } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	assert_int_equal(compose_body(&n), 0);
	n.original = VIEW_LIT("Subject: x\r\n\r\n\xe9\r\n");
	assert_int_equal(compose_body(&n), 1);
	n.rcpt = utf8;
	n.n = 1;
	assert_int_equal(compose_body(&n), 3);
	compose(&s, &n);
	assert_true(has(&s, "message/global-delivery-status"));
	assert_true(has(&s, "Final-Recipient: utf-8; p\xc3\xa9"));
	assert_true(has(&s, "Content-Transfer-Encoding: 8bit"));
	str_free(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_status_fields),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_late_and_expanded),
		cmocka_unit_test(test_seven_bits),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_international),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
