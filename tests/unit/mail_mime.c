/* SPDX-License-Identifier: ISC */
/*
 * mail_mime - parts of messages, ENVELOPE and BODYSTRUCTURE
 * (lib/mail/mime.h, lib/mail/envelope.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "lib/mail/charset.h"
#include "lib/mail/envelope.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct {
	const char *message, *body;	/* the BODYSTRUCTURE */
} bodies[] = {
	{ "Subject: x\r\n\r\nline\r\nline\r\n",
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "12 2 NIL NIL NIL NIL)" },
	{ "", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 0 0 NIL NIL NIL NIL)" },
	{ "Content-Type: IMAGE/png; name=\"a \\\"b\\\".png\"; x = y (c)\r\n"
	    "Content-Transfer-Encoding: BASE64\r\nContent-ID: <1@x>\r\n"
	    "Content-Description: a\r\n picture\r\n"
	    "Content-MD5: Q2hlY2s=\r\n"
	    "Content-Disposition: attachment; filename=a.png; size=3\r\n"
	    "Content-Language: en, fr\r\nContent-Location: http://x/\r\n\r\n"
	    "AAAA",
	    "(\"IMAGE\" \"png\" (\"name\" \"a \\\"b\\\".png\" \"x\" \"y\") "
	    "\"<1@x>\" \"a picture\" \"BASE64\" 4 \"Q2hlY2s=\" "
	    "(\"attachment\" (\"filename\" \"a.png\" \"size\" \"3\")) "
	    "(\"en\" \"fr\") \"http://x/\")" },
	{ MIXED "pre\r\n--b\r\n\r\none\r\n--b \t\r\nContent-Type: text/html\r\n"
	    "\r\ntwo\r\n\r\n--b--\r\npost",
	    "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "3 0 NIL NIL NIL NIL)(\"text\" \"html\" (\"charset\" "
	    "\"us-ascii\") NIL NIL \"7bit\" 5 1 "
	    "NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)" },
	/* no part at all */
	{ MIXED "nothing", "((\"text\" \"plain\" (\"charset\" \"us-ascii\") "
	    "NIL NIL \"7bit\" 7 0 NIL NIL NIL NIL) \"mixed\" "
	    "(\"boundary\" \"b\") NIL NIL NIL)" },
	/* an empty part whose header is not ended, a missing close */
	{ MIXED "--b\r\nContent-Type: text/x\r\n--b\r\n\r\n--b\r\n\r\nlast",
	    "((\"text\" \"x\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)"
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "0 0 NIL NIL NIL NIL)"
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "4 0 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL "
	    "NIL)" },
	/* the inner boundary is a prefix of the outer one */
	{ "Content-Type: multipart/a; boundary=bb\n\n--bb\n"
	    "Content-Type: multipart/c; boundary=b\n\n--b\n\nx\n--bb\n\ny\n"
	    "--bb--\n",
	    "(((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 1 0 NIL NIL NIL NIL) \"c\" (\"boundary\" \"b\") NIL NIL "
	    "NIL)(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" 1 0 NIL NIL NIL NIL) \"a\" (\"boundary\" \"bb\") NIL "
	    "NIL NIL)" },
	{ "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
	    "Subject: in\r\n\r\nhi\r\n\r\n--b--",
	    "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 19 (NIL \"in\" NIL "
	    "NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" (\"charset\" "
	    "\"us-ascii\") NIL NIL \"7bit\" 4 1 NIL NIL NIL NIL) 3 NIL NIL "
	    "NIL NIL) \"digest\" (\"boundary\" \"b\") NIL NIL NIL)" },
	{ "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64"
	    "\r\n\r\nAAAA", "(\"application\" \"octet-stream\" NIL NIL NIL "
	    "\"base64\" 4 NIL NIL NIL NIL)" },
	{ "Content-Type: multipart/mixed\r\n\r\nx", "((\"text\" \"plain\" "
	    "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL)"
	    " \"mixed\" NIL NIL NIL NIL)" },
	{ "Content-Type: text//x; charset=x\r\nContent-Language: en\r\n\r\n",
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 "
	    "NIL NIL (\"en\") NIL)" },
	{ "Content-Type: text/x; a=b\r\n\r\n", "(\"text\" \"x\" (\"a\" \"b\" "
	    "\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)" },
	{ "Content-Type: garbage\r\n\r\nx", "(\"text\" \"plain\" (\"charset\" "
	    "\"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL)" },
	/* RFC 2231 */
	{ "Content-Type: a/b; n*1=two; n*0=\"one \"; t*0*=us-ascii'en'This%20;"
	    " t*1*=is; t*2=\" it\"; u*=utf-8''%c3%a4; v*x=1; w*1=z\r\n\r\n",
	    "(\"a\" \"b\" (\"v*x\" \"1\" \"n\" \"one two\" \"t*\" "
	    "\"us-ascii'en'This%20is%20it\" \"u*\" \"utf-8''%c3%a4\" \"w\" "
	    "\"z\") NIL NIL \"7bit\" 0 NIL NIL NIL NIL)" },
	{ "Content-Type: a/b; name=two words.txt; =x; y; z=\"open\r\n\r\n",
	    "(\"a\" \"b\" (\"name\" \"two words.txt\" \"z\" \"open\") NIL NIL "
	    "\"7bit\" 0 NIL NIL NIL NIL)" },
	{ "Content-Type: (c) text (d) / (e) plain (f) ; charset=us-ascii (g)"
	    "\r\n\r\n", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL "
	    "NIL \"7bit\" 0 0 NIL NIL NIL NIL)" },
};

static void
test_bodies(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(bodies); i++) {
		struct view m = view_of(bodies[i].message);
		struct arena a;
		struct str out = { 0 };

		arena_init(&a);
		envelope_body(&out, m, mime_parse(m, &a), true);
		assert_string_equal(str_c(&out), bodies[i].body);
		str_free(&out);
		arena_reset(&a);
	}
}

static void
test_short_body(void **state UNUSED)
{
	struct view m = view_of(bodies[3].message);
	struct arena a;
	struct str out = { 0 };

	arena_init(&a);
	envelope_body(&out, m, mime_parse(m, &a), false);
	assert_string_equal(str_c(&out), "((\"text\" \"plain\" (\"charset\" "
	    "\"us-ascii\") NIL NIL \"7bit\" 3 0)(\"text\" \"html\" "
	    "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 1) \"mixed\")");
	str_free(&out);
	arena_reset(&a);
}

static const struct {
	const char *header, *envelope;
} envelopes[] = {
	{ "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
	    "Subject: IMAP4rev1 \"WG\"\r\n mtg\r\n"
	    "From: Terry Gray <gray@cac.washington.edu>\r\n"
	    "To: imap@cac.washington.edu\r\n"
	    "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
	    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n"
	    "From: not in the header\r\n",
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"IMAP4rev1 \\\"WG\\\" mtg\" "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	    "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
	    "\"<B27397-0100000@cac.washington.edu>\")" },
	{ "From: a@b\nSender:\nReply-To: c@d\nTo: G: e@f;\nTo: h\n"
	    "Bcc: undisclosed:;\nSubject:\nIn-Reply-To: <x>\n",
	    "(NIL \"\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) "
	    "((NIL NIL \"c\" \"d\")) ((NIL NIL \"G\" NIL)"
	    "(NIL NIL \"e\" \"f\")(NIL NIL NIL NIL)(NIL NIL \"h\" \"\")) NIL "
	    "((NIL NIL \"undisclosed\" NIL)(NIL NIL NIL NIL)) \"<x>\" NIL)" },
	{ "Subject: J\xc3\xb6rg\nFrom: \"a\\\\b\\\"c\" <x@y>\n",
	    "(NIL {5}\r\nJ\xc3\xb6rg ((\"a\\\\b\\\"c\" NIL \"x\" \"y\")) "
	    "((\"a\\\\b\\\"c\" NIL \"x\" \"y\")) "
	    "((\"a\\\\b\\\"c\" NIL \"x\" \"y\")) NIL NIL NIL NIL NIL)" },
};

static void
test_envelopes(void **state UNUSED)
{
	struct str out = { 0 };

	for (size_t i = 0; i < nitems(envelopes); i++) {
		str_reset(&out);
		envelope_write(&out, view_of(envelopes[i].header));
		assert_string_equal(str_c(&out), envelopes[i].envelope);
	}
	str_reset(&out);
	envelope_nstring(&out, VIEW_LIT("a\0b\r"));
	assert_string_equal(str_c(&out), "{3}\r\nab\r");
	str_free(&out);
}

/* The example of RFC 9051 6.4.5.1, with section numbers as bodies. */
static const char nested[] =
    "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
    "--o\r\n\r\n1\r\n"
    "--o\r\nContent-Type: application/octet-stream\r\n\r\n2\r\n"
    "--o\r\nContent-Type: message/rfc822\r\n\r\n"
    "Content-Type: multipart/mixed; boundary=i\r\n\r\n"
    "--i\r\n\r\n3.1\r\n--i\r\n\r\n3.2\r\n--i--\r\n"
    "--o\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
    "--m\r\nContent-Type: image/gif\r\nX: 4.1\r\n\r\n4.1\r\n"
    "--m\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: only\r\n\r\n4.2.1\r\n--m--\r\n--o--\r\n";

static const struct {
	const char *numbers;
	enum mime_want want;
	const char *text;	/* what it begins with; NULL: no such part */
} sections[] = {
	{ "1", MIME_WHOLE, "1" },
	{ "2", MIME_WHOLE, "2" },
	{ "2", MIME_MIME, "Content-Type: application/octet-stream" },
	{ "3.1", MIME_WHOLE, "3.1" },
	{ "3.2", MIME_WHOLE, "3.2" },
	{ "3", MIME_HEADER, "Content-Type: multipart/mixed; boundary=i" },
	{ "3", MIME_TEXT, "--i\r\n" },
	{ "3", MIME_MIME, "Content-Type: message/rfc822" },
	{ "4", MIME_WHOLE, "--m\r\n" },
	{ "4.1", MIME_WHOLE, "4.1" },
	{ "4.1", MIME_MIME, "Content-Type: image/gif\r\nX: 4.1\r\n\r\n" },
	{ "4.2.1", MIME_WHOLE, "4.2.1" },
	{ "4.2.1", MIME_MIME, "Subject: only\r\n\r\n" },
	{ "4.2", MIME_HEADER, "Subject: only\r\n\r\n" },
	{ "4.2", MIME_TEXT, "4.2.1" },
	{ "", MIME_WHOLE, nested },
	{ "", MIME_HEADER, "Content-Type: multipart/mixed; boundary=o" },
	{ "", MIME_TEXT, "--o\r\n" },
	{ "", MIME_MIME, NULL }, { "5", MIME_WHOLE, NULL },
	{ "0", MIME_WHOLE, NULL }, { "1.1", MIME_WHOLE, NULL },
	{ "1", MIME_HEADER, NULL }, { "1", MIME_TEXT, NULL },
	{ "4", MIME_HEADER, NULL }, { "4.2.2", MIME_WHOLE, NULL },
	{ "4.2.1.1", MIME_WHOLE, NULL }, { "x", MIME_WHOLE, NULL },
	{ "1.", MIME_WHOLE, NULL }, { ".1", MIME_WHOLE, NULL },
	{ "1..1", MIME_WHOLE, NULL }, { "4294967296", MIME_WHOLE, NULL },
};

static void
test_sections(void **state UNUSED)
{
	struct view m = view_of(nested);
	struct mime_part *root;
	struct arena a;

	arena_init(&a);
	root = mime_parse(m, &a);
	for (size_t i = 0; i < nitems(sections); i++) {
		struct mime_range r;

		assert_int_equal(mime_range(root, view_of(sections[i].numbers),
		    sections[i].want, &r), sections[i].text != NULL);
		if (sections[i].text == NULL)
			continue;
		assert_true(r.at + r.n <= m.n);
		assert_true(view_starts((struct view){ m.p + r.at, r.n },
		    view_of(sections[i].text)));
		if (sections[i].want == MIME_WHOLE && r.n < 6)
			assert_int_equal(r.n, strlen(sections[i].text));
	}
	m = view_of("Subject: x\r\n\r\nbody");
	root = mime_parse(m, &a);
	assert_ptr_equal(mime_find(root, view_of("1")), root);
	assert_null(mime_find(root, view_of("1.1")));
	arena_reset(&a);
}

static void
test_param_text(void **state UNUSED)
{
	struct view m = view_of("Content-Disposition: attachment; "
	    "a*=iso-8859-1'de'%e4%; b=\"=?utf-8?q?=C3=A4?=\"; c*0*=utf-8''%C3;"
	    " c*1*=%A4; d=\"\xe4\"; e*=plain\r\n\r\n");
	struct arena a;
	const struct mime_param *p;

	arena_init(&a);
	p = mime_parse(m, &a)->disposition_params;
	assert_true(view_is(mime_param_text(p, "a", &a), "\xc3\xa4%"));
	assert_true(view_is(mime_param_text(p, "b", &a), "\xc3\xa4"));
	assert_true(view_is(mime_param_text(p, "c", &a), "\xc3\xa4"));
	assert_true(view_is(mime_param_text(p, "d", &a), "\xc3\xa4"));
	assert_true(view_is(mime_param_text(p, "e", &a), "plain"));
	assert_null(mime_param_text(p, "f", &a).p);
	arena_reset(&a);
	charset_close_all();
}

/* Time on the processor: other work on the machine does not count. */
static int64_t
cpu_ms(void)
{
	return (int64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* The parts, the depth, the time; and the tree must print. */
static size_t
hostile(const struct str *text, size_t *depth)
{
	struct view m = str_view(text);
	struct arena a;
	struct str out = { 0 };
	struct mime_part *root;
	size_t parts = 0;
	int64_t begin = cpu_ms();

	arena_init(&a);
	root = mime_parse(m, &a);
	envelope_body(&out, m, root, true);
	envelope_write(&out, m);
	assert_true(cpu_ms() - begin < 3000);
	*depth = 0;
	for (const struct mime_part *p = root; p; p = mime_next(p)) {
		size_t up = 0;

		for (const struct mime_part *q = p; q->parent; q = q->parent)
			up++;
		if (up > *depth)
			*depth = up;
		parts++;
	}
	str_free(&out);
	arena_reset(&a);
	return parts;
}

static void
test_limits(void **state UNUSED)
{
	struct str m = { 0 };
	size_t depth, parts;

	for (int i = 0; i < 20000; i++)
		str_adds(&m, "Content-Type: message/rfc822\r\n\r\n");
	parts = hostile(&m, &depth);
	assert_true(parts == MIME_DEPTH_MAX && depth == MIME_DEPTH_MAX - 1);
	str_reset(&m);
	for (int i = 0; i < 10000; i++)
		str_addf(&m, "Content-Type: multipart/mixed; boundary=b%d\r\n"
		    "\r\n--b%d\r\n", i, i);
	parts = hostile(&m, &depth);
	assert_true(parts <= MIME_PARTS_MAX && depth == MIME_DEPTH_MAX - 1);
	for (int i = 0; i < 100000; i++)
		str_adds(&m, "--b1\r\n--b\r\n--b99999\r\n");
	parts = hostile(&m, &depth);
	assert_true(parts <= MIME_PARTS_MAX);
	str_reset(&m);
	str_adds(&m, MIXED);
	for (int i = 0; i < 200000; i++)
		str_adds(&m, "--b\r\n\r\n");
	assert_int_equal(hostile(&m, &depth), MIME_PARTS_MAX);
	str_free(&m);
}

static void
test_hostile(void **state UNUSED)
{
	static const char *const pieces[][2] = {
		{ "Content-Type: multipart/x; boundary=-\r\n\r\n", "-" },
		{ "Content-Type: multipart/x; boundary=\"\r\n\"\r\n\r\n",
		    "--\r\n" },
		{ "Content-Type: a/b", ";a*0=b" },
		{ "Content-Type: a/b", "; a*1*=\"%4" },
		{ "Content-Type: a/b;x=\"", "\\" },
		{ "Content-Type: a/b;", "(" },
		{ "", "Content-Type: a/b;a=b;c*=d\r\n" },
		{ "", "Content-Language: a,b\r\n" },
		{ "From: ", "(" }, { "From: ", "a@b," }, { "From: ", "\r\n " },
		{ "", "To: a@b\r\n" }, { "", "Subject: x\r\n" }, { "", "\r" },
	};

	for (size_t i = 0; i < nitems(pieces); i++) {
		struct str m = { 0 };
		size_t depth;

		str_adds(&m, pieces[i][0]);
		while (m.n < 1000000)
			str_adds(&m, pieces[i][1]);
		hostile(&m, &depth);
		str_free(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_short_body),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_param_text),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
