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
#include "lib/mail/utf8.h"

static const struct view mail = VIEW_LIT("Received: from client.test (c.test "
    "[192.0.2.9])\r\n\tby mx.example.test; x\r\nSubject: hello\r\n"
    "Message-ID: <1@example.org>\r\n\r\nbody\r\n");

static const struct notice_rcpt two[] = {
	{ VIEW_LIT("list@example.test"), VIEW_LIT("a@remote.test"),
	    VIEW_LIT("1.1"), VIEW_LIT("host mx.remote.test[192.0.2.1] said: "
	    "550-5.1.1 no such 550 5.1.1 user (in reply to RCPT TO command)"),
	    VIEW_LIT("mx.remote.test[192.0.2.1]:25"), VIEW_LIT(""),
	    VIEW_LIT("550-5.1.1 no such\n550 5.1.1 user"), 1000000003 },
	{ VIEW_LIT("b@example.test"), VIEW_LIT("b@example.test"),
	    VIEW_LIT("2.2"), VIEW_LIT("mailbox is full"),
	    VIEW_LIT("local"), VIEW_LIT("rfc822;B@example.test"),
	    VIEW_LIT(""), 0 },
};

static struct notice
sample(enum notice_kind kind)
{
	return (struct notice){ .kind = kind,
		.host = VIEW_LIT("mx.example.test"),
		.to = VIEW_LIT("s@example.org"),
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

#define assert_has(s, text) do { \
	if (!has(s, text)) \
		fail_msg("missing: %s\nin: %s", text, str_c(s)); \
} while (0)

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

/* Write it anew into s. */
static struct composed
composed(struct str *s, const struct notice *n)
{
	struct composed c;

	str_reset(s);
	compose(s, n, &c);
	check_wire(s);
	if (!c.eight)
		for (size_t i = 0; i < s->n; i++)
			assert_true((unsigned char)s->p[i] < 128);
	return c;
}

static void
test_header(void **state UNUSED)
{
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };
	struct composed c = composed(&s, &n);

	assert_int_equal(c.skip, strlen("Return-Path: <>\r\n"));
	assert_true(view_starts(str_view(&s),
	    VIEW_LIT("Return-Path: <>\r\nReceived: ")));
	assert_true(view_is(field(&s, "From"), "Mail Delivery System "
	    "<MAILER-DAEMON@mx.example.test>"));
	assert_true(view_is(field(&s, "To"), "s@example.org"));
	assert_true(view_is(field(&s, "Auto-Submitted"), "auto-replied"));
	assert_true(view_is(field(&s, "References"), "<1@example.org>"));
	assert_true(view_starts(field(&s, "Content-Type"),
	    VIEW_LIT("multipart/report; report-type=delivery-status;")));
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

	composed(&s, &n);
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
		"\r\n\r\nOriginal-Envelope-Id: QQ314159\r\n"
		"Reporting-MTA: dns; mx.example.test\r\n"
		"Received-From-MTA: dns; client.test ([192.0.2.9])\r\n"
		"Arrival-Date: Sun, 9 Sep 2001 01:46:40 +0000\r\n"
		"X-Posthouse-Queue-ID: 0000000000ABCDEF\r\n",
		"\r\n\r\nFinal-Recipient: rfc822; a@remote.test\r\n"
		"Action: failed\r\nStatus: 5.1.1\r\n"
		"Remote-MTA: dns; mx.remote.test\r\n"
		"Diagnostic-Code: smtp; 550-5.1.1 no such 550 5.1.1 user\r\n"
		"Last-Attempt-Date: Sun, 9 Sep 2001 01:46:43 +0000\r\n",
		"\r\n\r\nOriginal-Recipient: rfc822;B@example.test\r\n"
		"Final-Recipient: rfc822; b@example.test\r\n"
		"Action: failed\r\nStatus: 5.2.2\r\n"
		/* when it was tried is not known any more */
		"Diagnostic-Code: X-Posthouse; mailbox is full\r\n\r\n--",
	};
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	composed(&s, &n);
	for (size_t i = 0; i < nitems(want); i++)
		assert_has(&s, want[i]);
	assert_false(has(&s, "Will-Retry-Until"));
	str_free(&s);
}

/* The whole text, so that a change of it is seen. */
static void
test_text(void **state UNUSED)
{
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	composed(&s, &n);
	assert_has(&s, "\r\n\r\n"
	    "This is the mail server mx.example.test.\r\n"
	    "\r\n"
	    "Your message could not be delivered to:\r\n"
	    "\r\n"
	    "  <a@remote.test> (expanded from <list@example.test>)\r\n"
	    "      host mx.remote.test[192.0.2.1] said: 550-5.1.1 no such 550"
	    " 5.1.1\r\n"
	    "      user (in reply to RCPT TO command) (5.1.1)\r\n"
	    "\r\n"
	    "    Check the address for a mistake, or ask the recipient for the\r\n"
	    "    present one.\r\n"
	    "\r\n"
	    "  <b@example.test>\r\n"
	    "      mailbox is full (5.2.2)\r\n"
	    "\r\n"
	    "    The mailbox is full. Tell the recipient in another way, and "
	    "send the\r\n"
	    "    message again when there is room.\r\n"
	    "\r\n"
	    "It will not be tried again. The other recipients of the message, if"
	    "\r\nthere are any, are not concerned.\r\n"
	    "\r\n"
	    "About the message:\r\n"
	    "  Subject: hello\r\n"
	    "  Arrived: Sun, 9 Sep 2001 01:46:40 +0000\r\n"
	    "  Number in this server's log: 0000000000ABCDEF\r\n"
	    "\r\n"
	    "Details and the message itself are below.\r\n"
	    "For help write to <postmaster@mx.example.test>, with this report."
	    "\r\n");
	str_free(&s);
}

/* A reply that the sentence has not in full stands below it, line by line. */
static void
test_words_of_server(void **state UNUSED)
{
	static const struct notice_rcpt one[] = { {
		VIEW_LIT("a@r.test"), VIEW_LIT("a@r.test"), VIEW_LIT("7.1"),
		VIEW_LIT("host mx.r.test[192.0.2.1] said: 550-5.7.1 We..."),
		VIEW_LIT("mx.r.test[192.0.2.1]:25"), VIEW_LIT(""),
		VIEW_LIT("550-5.7.1 We do not like it,\r\n550 5.7.1 see "
		    "https://r.test/why"), 0 } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 }, word = { 0 };
	struct notice_rcpt wide = one[0];

	n.rcpt = one;
	n.n = 1;
	composed(&s, &n);
	assert_has(&s, "      host mx.r.test[192.0.2.1] said: 550-5.7.1 We..."
	    " (5.7.1)\r\n      The other server's words in full:\r\n"
	    "        550-5.7.1 We do not like it,\r\n"
	    "        550 5.7.1 see https://r.test/why\r\n");
	assert_has(&s, "Diagnostic-Code: smtp; 550-5.7.1 We do not like it,");
	for (size_t i = 0; i < 65536; i++)
		str_adds(&word, i % 3 ? "x" : "\xc3\xa4");
	wide.reply = str_view(&word);
	n.rcpt = &wide;
	composed(&s, &n);
	assert_true(utf8_valid(str_view(&s)));
	str_free(&word);
	str_free(&s);
}

static void
test_delayed_and_delivered(void **state UNUSED)
{
	struct notice n = sample(NOTICE_DELAYED);
	struct str s = { 0 };

	n.whole = false;
	n.original.n = header_size(mail);
	composed(&s, &n);
	assert_has(&s, "Action: delayed\r\nStatus: 4.1.1\r\n");
	assert_has(&s, "Will-Retry-Until: Fri, 14 Sep 2001 01:46:40");
	assert_has(&s, "Content-Type: text/rfc822-headers\r\n");
	assert_has(&s, "You need not send it again.");
	assert_false(has(&s, "\r\nbody\r\n"));
	n.kind = NOTICE_DELIVERED;
	n.original = VIEW_NONE;
	composed(&s, &n);
	assert_has(&s, "Action: delivered\r\nStatus: 2.1.1\r\n");
	assert_false(has(&s, "X-Posthouse; "));
	assert_false(has(&s, "rfc822-headers"));
	str_free(&s);
}

static void
test_late_and_expanded(void **state UNUSED)
{
	struct notice n = sample(NOTICE_LATE);
	struct str s = { 0 };

	composed(&s, &n);
	assert_has(&s, "Action: delayed\r\nStatus: 4.1.1\r\n");
	assert_has(&s, "Will-Retry-Until: Fri, 14 Sep 2001 01:46:40");
	assert_has(&s, "by the time that you set");
	n.kind = NOTICE_EXPANDED;
	n.rcpt = two + 1;
	n.n = 1;
	composed(&s, &n);
	assert_has(&s, "Action: expanded\r\nStatus: 2.2.2\r\n");
	assert_false(has(&s, "Diagnostic-Code"));
	assert_false(has(&s, "Will-Retry-Until"));
	assert_false(has(&s, "Last-Attempt-Date"));
	str_free(&s);
}

/* Who took it, and what it said: the next one to ask. */
static void
test_relayed(void **state UNUSED)
{
	static const struct notice_rcpt one[] = { {
		VIEW_LIT("a@r.test"), VIEW_LIT("a@r.test"), VIEW_LIT("0.0"),
		VIEW_LIT("250 2.0.0 Ok: queued as 4F1"),
		VIEW_LIT("[192.0.2.1]:25"), VIEW_LIT(""),
		VIEW_LIT("250 2.0.0 Ok: queued as 4F1"), 1000000004 } };
	struct notice n = sample(NOTICE_RELAYED);
	struct str s = { 0 };

	n.rcpt = one;
	n.n = 1;
	composed(&s, &n);
	assert_has(&s, "Action: relayed\r\nStatus: 2.0.0\r\n"
	    "Remote-MTA: dns; [192.0.2.1]\r\n"
	    "Diagnostic-Code: smtp; 250 2.0.0 Ok: queued as 4F1\r\n"
	    "Last-Attempt-Date: ");
	assert_has(&s, "  <a@r.test>\r\n      [192.0.2.1]:25 said: 250 2.0.0 Ok: "
	    "queued as 4F1\r\n");
	str_free(&s);
}

/* A sentence with 8-bit octets of others: people read UTF-8, programs ASCII. */
static void
test_eight_bits_of_others(void **state UNUSED)
{
	static const struct notice_rcpt loud[] = { {
		VIEW_LIT("a@example.test"), VIEW_LIT("a@example.test"),
		VIEW_LIT("1.1"), VIEW_LIT("unbekannt: M\xc3\xbcller"),
		VIEW_LIT("m\xc3\xbc[192.0.2.1]"), VIEW_LIT(""),
		VIEW_LIT("550 M\xc3\xbcller \xff"), 0 } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };
	struct composed c;

	n.rcpt = loud;
	n.n = 1;
	n.envid = VIEW_LIT("e\xc3\xbc");
	c = composed(&s, &n);
	assert_true(c.eight);
	assert_false(c.utf8);
	assert_has(&s, "unbekannt: M\xc3\xbcller (5.1.1)\r\n");
	assert_has(&s, "        550 M??ller ?\r\n");
	assert_has(&s, "Remote-MTA: dns; m??\r\nDiagnostic-Code: smtp; 550 M??"
	    "ller ?\r\n");
	assert_has(&s, "Content-Type: message/delivery-status\r\n\r\n");
	str_free(&s);
}

/* Mail with SMTPUTF8 (RFC 6533): only its sender's address needs it again. */
static void
test_global(void **state UNUSED)
{
	static const struct notice_rcpt orcpt[] = { {
		VIEW_LIT("a@example.test"), VIEW_LIT("a@example.test"),
		VIEW_LIT("1.1"), VIEW_LIT("no"), VIEW_LIT("local"),
		VIEW_LIT("utf-8;p\xc3\xa9@example.test"), VIEW_LIT(""), 0 } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	n.original = VIEW_LIT("Subject: p\xc3\xa9\r\n\r\nx\r\n");
	n.utf8 = true;
	assert_false(composed(&s, &n).utf8);
	assert_has(&s, "Content-Type: message/global\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n");
	assert_has(&s, "Content-Type: message/global-delivery-status\r\n");
	assert_has(&s, "Final-Recipient: rfc822; b@example.test");
	n.whole = false;
	composed(&s, &n);
	assert_has(&s, "Content-Type: message/global-headers\r\n");
	n = sample(NOTICE_FAILED);
	n.utf8 = true;
	n.rcpt = orcpt;
	n.n = 1;
	composed(&s, &n);
	assert_has(&s, "Original-Recipient: utf-8;p\xc3\xa9@example.test\r\n");
	n.to = n.sender = VIEW_LIT("s@\xc3\xa4.example");
	assert_false(composed(&s, &n).utf8);
	assert_has(&s, "\r\nTo: s@xn--4ca.example\r\n");
	n.to = n.sender = VIEW_LIT("\xc3\xa4@\xc3\xa4.example");
	assert_true(composed(&s, &n).utf8);
	assert_has(&s, "\r\nTo: \xc3\xa4@xn--4ca.example\r\n");
	str_free(&s);
}

/* To a sender of other mail an address that an alias brought is in ASCII, as
 * utf-8-addr-xtext. */
static void
test_not_global(void **state UNUSED)
{
	static const struct notice_rcpt utf8[] = { {
		VIEW_LIT("a@example.test"),
		VIEW_LIT("p\xc3\xa9+x\xf0\x9f\x93\xa7@example.test"),
		VIEW_LIT("1.1"), VIEW_LIT("no"), VIEW_LIT("local"),
		VIEW_LIT("utf-8;\xc3\xa9@example.test"), VIEW_LIT(""), 0 } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };
	struct composed c;

	n.rcpt = utf8;
	n.n = 1;
	n.original = VIEW_LIT("Subject: x\r\n\r\n\xe9\r\n");
	c = composed(&s, &n);
	assert_true(c.eight);
	assert_false(c.utf8);
	assert_has(&s, "Content-Type: message/delivery-status\r\n\r\n");
	assert_has(&s, "Original-Recipient: utf-8;\\x{E9}@example.test\r\n"
	    "Final-Recipient: utf-8; p\\x{E9}\\x{2B}x\\x{1F4E7}@example.test");
	assert_has(&s, "Content-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n");
	str_free(&s);
}

/* Of a mail without a sender, or with one that cannot be told. */
static void
test_astray(void **state UNUSED)
{
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };

	n.astray = true;
	n.to = VIEW_LIT("postmaster");
	n.sender = VIEW_NONE;
	composed(&s, &n);
	assert_true(view_is(field(&s, "To"), "postmaster@mx.example.test"));
	assert_true(view_is(field(&s, "Auto-Submitted"), "auto-generated"));
	assert_has(&s, "A message without a sender");
	assert_has(&s, "Action: failed\r\n");
	n.sender = VIEW_LIT("gone@example.org");
	n.unheard = VIEW_LIT("No such user");
	composed(&s, &n);
	assert_has(&s, "<gone@example.org>\r\ncannot be told: No such user. It was for:\r\n");
	str_free(&s);
}

/* What others said cannot end a line, a field or a part. */
static void
test_hostile_texts(void **state UNUSED)
{
	static const struct notice_rcpt evil[] = { {
		VIEW_LIT("x\r\nBcc: y@z"), VIEW_LIT("x\r\n\r\n.@z"),
		VIEW_LIT("1.1\r\nX: y"), VIEW_LIT("no\r\n--=_report\r\n"),
		VIEW_LIT("h[\r\n]"), VIEW_LIT("rfc822;\n\r\0"),
		VIEW_LIT("550 \r\n\r\n--=_report\r\nBcc: y@z\n\0"), 0 } };
	struct notice n = sample(NOTICE_FAILED);
	struct str s = { 0 };
	struct view bcc;

	n.rcpt = evil;
	n.n = 1;
	n.to = n.sender = VIEW_LIT("s@x\r\nBcc: y");
	n.envid = VIEW_LIT("e\r\n\r\n");
	n.original = VIEW_LIT("Subject: no line end");
	composed(&s, &n);
	assert_false(header_find(str_view(&s), "Bcc", &bcc));
	assert_false(has(&s, "\nBcc"));
	assert_false(has(&s, "\n--=_report\r"));
	str_free(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_status_fields),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_words_of_server),
		cmocka_unit_test(test_delayed_and_delivered),
		cmocka_unit_test(test_late_and_expanded),
		cmocka_unit_test(test_relayed),
		cmocka_unit_test(test_eight_bits_of_others),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_not_global),
		cmocka_unit_test(test_astray),
		cmocka_unit_test(test_hostile_texts),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
