/* SPDX-License-Identifier: ISC */
/*
 * imapd_command - what a client says, and what it hears
 *
 * Each case is a talk: whole and octet by octet it must give the same answers.
 * The mailbox has the messages below, all of them unseen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "imapd_talk.h"

#define PLAIN                                                                  \
	"From: Ann <ann@example.test>\r\n"                                     \
	"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= one\r\n"                         \
	"Date: Tue, 2 Jan 2024 23:30:00 -0800\r\n"                             \
	"\r\n"                                                                 \
	"Hello (World)\r\n"
#define MIXED                                                                  \
	"From: bob@example.test\r\n"                                           \
	"MIME-Version: 1.0\r\n"                                                \
	"Content-Type: multipart/mixed; boundary=b\r\n"                        \
	"\r\n"                                                                 \
	"preamble\r\n"                                                         \
	"--b\r\n"                                                              \
	"Content-Type: text/plain; charset=iso-8859-1\r\n"                     \
	"Content-Transfer-Encoding: base64\r\n"                                \
	"\r\n"                                                                 \
	"Wvxy\r\n aWNo\r\n"                                                    \
	"--b\r\n"                                                              \
	"Content-Type: message/rfc822\r\n"                                     \
	"\r\n"                                                                 \
	"Subject: inner\r\n"                                                   \
	"\r\n"                                                                 \
	"inside\r\n"                                                           \
	"--b--\r\n"

#define DAMAGED "a BAD Not base64, or too long\r\n"

static const struct dialog before_login[] = {
	{ "a noop\r\n", "a OK NOOP completed\r\n" },
	{ "a LIST \"\" *\r\n", "a BAD Log in first\r\n" },
	{ "a fetch 1 flags\r\n", "a BAD Log in first\r\n" },
	{ "a uid noop\r\n", "a BAD Unknown command\r\n" },
	{ "a\r\n", "a BAD Blank expected\r\n" },
	{ "\r\n", "* BAD Tag expected\r\n" },
	{ "a+b noop\r\n", "* BAD Tag expected\r\n" },
	{ "a  noop\r\n", "a BAD Word expected\r\n" },
	{ "a noop \r\n", "a BAD Too many arguments\r\n" },
	{ "a noop\n", "a BAD CR or LF out of place\r\n" },
	{ "a no\rop\r\n", "a BAD CR or LF out of place\r\n" },
	{ "a login ann\r\n", "a BAD Blank expected\r\n" },
	{ "a login \"a\\nn\" b\r\n", "a BAD Wrong escape in a string\r\n" },
	{ "a login \"ann\r\n", "a BAD String without its end\r\n" },
	{ "a login ann secret\r\n",
	    "a NO [AUTHENTICATIONFAILED] Wrong password\r\n" },
	{ "a login {3}\r\nann {6+}\r\nsecret\r\n",
	    "+ Go ahead\r\na NO [AUTHENTICATIONFAILED] Wrong password\r\n" },
	{ "a login {20000}\r\nb noop\r\n",
	    "a BAD [LIMIT] Literal too large\r\nb OK NOOP completed\r\n" },
	{ "a login {20000+}\r\n", "* BYE [LIMIT] Literal too large\r\n" },
	{ "a login {3} \r\n", "a BAD Literal expected\r\n" },
	{ "a authenticate plain\r\nAGFubgBzZWNyZXQ=\r\n",
	    "+ \r\na NO [AUTHENTICATIONFAILED] Wrong password\r\n" },
	{ "a authenticate plain AGFubgBzZWNyZXQ=\r\n",
	    "a NO [AUTHENTICATIONFAILED] Wrong password\r\n" },
	{ "a authenticate plain\r\n*\r\n", "+ \r\na BAD Cancelled\r\n" },
	{ "a authenticate plain !!\r\n", DAMAGED },
	{ "a authenticate plain \r\n",
	    "a NO [AUTHENTICATIONFAILED] Wrong password\r\n" },
	{ "a authenticate plain b2Rk\r\n",
	    "a BAD The response is malformed\r\n" },
	{ "a authenticate plain  \r\n", DAMAGED },
	{ "a authenticate plain YQ\r\n", DAMAGED },
	{ "a authenticate plain YQ== \r\n", DAMAGED },
	{ "a authenticate plain ZW5k x\r\n", DAMAGED },
	{ "a authenticate (plain)\r\n", "a BAD Word expected\r\n" },
	{ "a authenticate cram-md5\r\n",
	    "a NO [CANNOT] No such way to log in\r\n" },
	{ "a authenticate steps =\r\nZW5k\r\n",
	    "+ Z290IDA=\r\na NO [AUTHENTICATIONFAILED] Wrong password\r\n" },
	{ "a authenticate steps\r\n\r\nYQ==\r\nYXdheQ==\r\n",
	    "+ \r\n+ Z290IDA=\r\n+ Z290IDE=\r\na NO [UNAVAILABLE] Away\r\n" },
	{ "a authenticate steps YQ==\r\n=\r\nb noop\r\n",
	    "+ Z290IDE=\r\n" DAMAGED "b OK NOOP completed\r\n" },
	{ "a authenticate steps YQ==\r\nYQ==\n",
	    "+ Z290IDE=\r\na BAD CR or LF out of place\r\n" },
	{ "a authenticate steps YQ==\r\n*\r\nb noop\r\n",
	    "+ Z290IDE=\r\na BAD Cancelled\r\nb OK NOOP completed\r\n" },
	{ "a capability\r\n", "* CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE "
	    "IDLE AUTH=STEPS AUTH=PLAIN\r\na OK CAPABILITY completed\r\n" },
	{ "a starttls\r\n", "a BAD There is no TLS here\r\n" },
	{ "a logout\r\nb noop\r\n",
	    "* BYE Logging out\r\na OK LOGOUT completed\r\n" },
	{ "a\r\nb\r\nc\r\nd\r\ne\r\nf\r\n",
	    "a BAD Blank expected\r\nb BAD Blank expected\r\n"
	    "c BAD Blank expected\r\nd BAD Blank expected\r\n"
	    "e BAD Blank expected\r\n* BYE Too many wrong commands\r\n" },
	{ "a\r\nb\r\nc\r\nd\r\ne noop\r\nf\r\ng\r\n",
	    "a BAD Blank expected\r\nb BAD Blank expected\r\n"
	    "c BAD Blank expected\r\nd BAD Blank expected\r\n"
	    "e OK NOOP completed\r\n"
	    "f BAD Blank expected\r\n* BYE Too many wrong commands\r\n" },
};

static void
test_before_login(void **state UNUSED)
{
	talk_check_all(before_login, nitems(before_login), false);
}

/* A name and a password, in the clear and then in TLS. */
static const struct dialog strict[] = {
	{ "a capability\r\nb login ann secret\r\nc authenticate plain\r\n"
	  "d authenticate steps\r\n*\r\n",
	    "* CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE IDLE STARTTLS "
	    "LOGINDISABLED AUTH=STEPS\r\na OK CAPABILITY completed\r\n"
	    "b NO [PRIVACYREQUIRED] Passwords are not taken without TLS\r\n"
	    "c NO [PRIVACYREQUIRED] Not in the clear\r\n"
	    "+ \r\nd BAD Cancelled\r\n" },
	{ "a starttls now\r\nb starttls\r\n",
	    "a BAD Too many arguments\r\nb OK Begin TLS now\r\n(TLS)\r\n"
	    "* CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE IDLE AUTH=STEPS "
	    "AUTH=PLAIN\r\nx OK CAPABILITY completed\r\n"
	    "y NO [AUTHENTICATIONFAILED] Wrong password\r\n"
	    "z BAD TLS is on already\r\n" },
	/* what comes behind it in clear text is never run */
	{ "a starttls\r\nb noop\r\nc logout\r\n",
	    "a OK Begin TLS now\r\n(TLS)\r\n"
	    "* CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE IDLE AUTH=STEPS "
	    "AUTH=PLAIN\r\nx OK CAPABILITY completed\r\n"
	    "y NO [AUTHENTICATIONFAILED] Wrong password\r\n"
	    "z BAD TLS is on already\r\n" },
};

static void
test_tls(void **state UNUSED)
{
	fake_gate.tls_offered = fake_gate.strict = true;
	for (size_t i = 0; i < nitems(strict); i++) {
		for (int by_octet = 0; by_octet < 2; by_octet++) {
			const char *in = strict[i].in, *said;

			fake_gate.in_tls = false;
			fake.tls_input = VIEW_LIT("x capability\r\n"
			    "y login ann secret\r\nz starttls\r\n");
			said = talk(in, strlen(in), false,
			    by_octet ? 1 : 65536);
			assert_string_equal(said, strict[i].out);
		}
	}
	fake_gate.in_tls = false;
	fake_gate.tls_fails = true;
	assert_string_equal(talk("a starttls\r\nb noop\r\n", 20, false, 99),
	    "a OK Begin TLS now\r\n");
	fake_gate.tls_offered = fake_gate.strict = fake_gate.tls_fails = false;
}

/* Responses have a limit; what is over it costs the command. */
static void
test_long_responses(void **state UNUSED)
{
	static const struct {
		size_t n;
		bool initial, fits;
	} cases[] = {
		{ SASL_LINE_MAX, false, true },
		{ SASL_LINE_MAX, true, true },
		{ SASL_LINE_MAX + 4, false, false },
		{ SASL_LINE_MAX + 4, true, false },
		{ 200000, false, false },
		{ 200000, true, false },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str in = { 0 };
		const char *said;

		str_adds(&in, "a authenticate steps");
		str_adds(&in, cases[i].initial ? " " : "\r\n");
		memset(str_room(&in, cases[i].n), 'A', cases[i].n);
		in.n += cases[i].n;
		str_adds(&in, "\r\n*\r\n");
		said = talk(in.p, in.n, false, 65536);
		assert_int_equal(strstr(said, "+ Z290IDEyMjg4") != NULL,
		    cases[i].fits);
		assert_non_null(strstr(said, cases[i].fits ?
		    "a BAD Cancelled" : "a BAD "));
		str_free(&in);
	}
}

/* Guessing ends before errors_max. */
static void
test_many_logins(void **state UNUSED)
{
	struct str in = { 0 };
	const char *said;

	for (int i = 0; i < 30; i++)
		str_addf(&in, "a%d login ann x\r\n", i);
	said = talk(in.p, in.n, false, 65536);
	assert_non_null(strstr(said, "a9 NO"));
	assert_null(strstr(said, "a10 NO"));
	assert_non_null(strstr(said, "* BYE Too many wrong logins"));
	str_free(&in);
}

#define MISSING "a BAD No such message\r\n"

static const struct dialog selected[] = {
	{ "a login ann b\r\n", "a BAD Logged in already\r\n" },
	{ "a fetch 1:* (uid flags)\r\n",
	    "* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a uid fetch 2:9 flags\r\n",
	    "* 2 FETCH (UID 2 FLAGS ())\r\na OK UID FETCH completed\r\n" },
	{ "a uid fetch 7 flags\r\n", "a OK UID FETCH completed\r\n" },
	{ "a fetch 3 flags\r\n", MISSING },
	{ "a fetch 0 flags\r\n", "a BAD Wrong message numbers\r\n" },
	{ "a fetch 1 ()\r\n", "a BAD Name expected\r\n" },
	{ "a fetch 1 (flags\r\n", "a BAD ) expected\r\n" },
	{ "a fetch 1 flags)\r\n", "a BAD Too many arguments\r\n" },
	{ "a fetch 1 body[9\r\n", "a BAD Wrong character\r\n" },
	{ "a fetch 1 body[0]\r\n", "a BAD Wrong part number\r\n" },
	{ "a fetch 1 body[mime]\r\n", "a BAD Wrong section\r\n" },
	{ "a fetch 1 body[]<0.0>\r\n", "a BAD Partial of no octets\r\n" },
	{ "a fetch 1 fast\r\n",
	    "* 1 FETCH (FLAGS () INTERNALDATE \" 2-Jan-1970 00:00:00 +0000\" "
	    "RFC822.SIZE 127)\r\na OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[text]\r\n",
	    "* 1 FETCH (BODY[TEXT] {15}\r\nHello (World)\r\n)\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a fetch 1 body[text]<6.4>\r\nb fetch 1 flags\r\n",
	    "* 1 FETCH (BODY[TEXT]<6> {4}\r\n(Wor FLAGS (\\Seen))\r\n"
	    "a OK FETCH completed\r\n"
	    "* 1 FETCH (FLAGS (\\Seen))\r\nb OK FETCH completed\r\n" },
	{ "a fetch 1 (flags rfc822.text)\r\n",
	    "* 1 FETCH (FLAGS (\\Seen) RFC822.TEXT {15}\r\nHello (World)\r\n)"
	    "\r\na OK FETCH completed\r\n" },
	{ "a fetch 1 body[]<500.10>\r\n",
	    "* 1 FETCH (BODY[]<500> {0}\r\n FLAGS (\\Seen))\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[header.fields (from x-no)]\r\n",
	    "* 1 FETCH (BODY[HEADER.FIELDS (from x-no)] {32}\r\n"
	    "From: Ann <ann@example.test>\r\n\r\n)\r\na OK FETCH completed\r\n" },
	{ "a fetch 2 body.peek[header.fields.not (\"from\" content-type)]\r\n",
	    "* 2 FETCH (BODY[HEADER.FIELDS.NOT (from content-type)] {21}\r\n"
	    "MIME-Version: 1.0\r\n\r\n)\r\na OK FETCH completed\r\n" },
	{ "a fetch 2 (body.peek[1] body.peek[2.text] body.peek[3])\r\n",
	    "* 2 FETCH (BODY[1] {11}\r\nWvxy\r\n aWNo BODY[2.TEXT] {6}\r\n"
	    "inside BODY[3] NIL)\r\na OK FETCH completed\r\n" },
	{ "a fetch 2 body.peek[2.text]<0.3>\r\n"
	  "b fetch 2 body.peek[2.text]<3.9>\r\n",
	    "* 2 FETCH (BODY[2.TEXT]<0> {3}\r\nins)\r\n"
	    "a OK FETCH completed\r\n"
	    "* 2 FETCH (BODY[2.TEXT]<3> {3}\r\nide)\r\n"
	    "b OK FETCH completed\r\n" },
	{ "a fetch 2 (body.peek[2.header] body.peek[2.mime])\r\n",
	    "* 2 FETCH (BODY[2.HEADER] {18}\r\nSubject: inner\r\n\r\n "
	    "BODY[2.MIME] {32}\r\nContent-Type: message/rfc822\r\n\r\n)\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a store 1 +flags (\\Flagged \\Seen)\r\nb noop\r\n",
	    "* 1 FETCH (FLAGS (\\Seen \\Flagged))\r\na OK STORE completed\r\n"
	    "b OK NOOP completed\r\n" },
	{ "a store 1 +flags.silent \\Seen\r\nb noop\r\n",
	    "a OK STORE completed\r\nb OK NOOP completed\r\n" },
	{ "a store 1 flags \\Recent\r\n", "a BAD Unknown system flag\r\n" },
	{ "a store 1 flags ()\r\n",
	    "* 1 FETCH (FLAGS ())\r\na OK STORE completed\r\n" },
	{ "a store 1 stars ()\r\n", "a BAD FLAGS, +FLAGS or -FLAGS expected"
	    "\r\n" },
	{ "a store 1 +flags \\Deleted\r\nb expunge\r\nc fetch 1:* uid\r\n",
	    "* 1 FETCH (FLAGS (\\Deleted))\r\na OK STORE completed\r\n"
	    "* 1 EXPUNGE\r\nb OK EXPUNGE completed\r\n"
	    "* 1 FETCH (UID 2)\r\nc OK FETCH completed\r\n" },
	{ "a store 1:2 +flags.silent \\Deleted\r\nb uid expunge 2\r\n",
	    "a OK STORE completed\r\n"
	    "* 2 EXPUNGE\r\nb OK UID EXPUNGE completed\r\n" },
	{ "a uid expunge\r\n", "a BAD Blank expected\r\n" },
	{ "a copy 1 Work\r\n", "a OK [COPYUID 1 1 70] Copied\r\n" },
	{ "a uid move 2 Work\r\n",
	    "* OK [COPYUID 1 2 70] Moved\r\na OK UID MOVE completed\r\n" },
	{ "a close\r\nb fetch 1 flags\r\n",
	    "a OK CLOSE completed\r\nb BAD No mailbox selected\r\n" },
	{ "a idle\r\nDONE\r\n", "+ idling\r\na OK IDLE completed\r\n" },
	{ "a idle\r\nnoop\r\n", "+ idling\r\na BAD DONE expected\r\n" },
	{ "a id nil\r\nb id (\"name\" \"x\" \"os\" nil)\r\n",
	    "* ID (\"name\" \"Posthouse\" \"version\" \"0.1\")\r\n"
	    "a OK ID completed\r\n"
	    "* ID (\"name\" \"Posthouse\" \"version\" \"0.1\")\r\n"
	    "b OK ID completed\r\n" },
	{ "a select &bad\r\n", "a BAD Mailbox name is not modified UTF-7\r\n" },
	{ "a delete inbox\r\n", "a NO [CANNOT] INBOX stays\r\n" },
	{ "a delete x\r\n", "a NO [NONEXISTENT] No such mailbox\r\n" },
	{ "a status x (messages stars)\r\n", "a BAD Unknown status item\r\n" },
	{ "a append work (\\Seen) {5+}\r\nHello\r\nb noop\r\n",
	    "a OK [APPENDUID 1 65] APPEND completed\r\n"
	    "b OK NOOP completed\r\n" },
	{ "a append {4}\r\nwork \"17-Jul-1996 02:44:25 -0700\" {5}\r\nHello\r\n",
	    "+ Go ahead\r\n+ Go ahead\r\n"
	    "a OK [APPENDUID 1 65] APPEND completed\r\n" },
	{ "a append work {5+}\r\nHello {3+}\r\nYou\r\nb noop\r\n",
	    "a OK [APPENDUID 1 65] APPEND completed\r\n"
	    "b OK NOOP completed\r\n" },
	{ "a append work {5+}\r\nHello x\r\nb noop\r\n",
	    "a BAD Message literal expected\r\nb OK NOOP completed\r\n" },
	{ "a append work {9999}\r\nb noop\r\n",
	    "a NO [TOOBIG] Message too large\r\nb OK NOOP completed\r\n" },
	{ "a append work (\\Nope) {5+}\r\nHello\r\nb noop\r\n",
	    "a BAD Unknown system flag\r\nb OK NOOP completed\r\n" },
	{ "a append work {0+}\r\n\r\nb noop\r\n",
	    "a NO [CANNOT] An empty message\r\nb OK NOOP completed\r\n" },
	{ "a append work hello\r\n", "a BAD Message literal expected\r\n" },
};

static void
test_selected(void **state UNUSED)
{
	talk_check_all(selected, nitems(selected), true);
}

/* ---- SEARCH ---- */

static const struct {
	const char *keys, *found;
} searches[] = {
	{ "all", " 1 2" },
	{ "2", " 2" },
	{ "not 2", " 1" },
	{ "uid 1", " 1" },
	{ "unseen 1:*", " 1 2" },
	{ "seen", "" },
	{ "or seen 1", " 1" },
	{ "(all (2))", " 2" },
	{ "before 3-Jan-1970", " 1" },
	{ "on \"3-Jan-1970\"", " 2" },
	{ "since 3-jan-1970", " 2" },
	{ "senton 2-Jan-2024", " 1" },
	{ "sentsince 3-Jan-2024", "" },
	{ "larger 200", " 2" },
	{ "smaller 200", " 1" },
	{ "from ANN", " 1" },
	{ "from test", " 1 2" },
	{ "subject gr\xc3\x9c", "BAD" },
	{ "subject {6+}\r\ngr\xc3\x9c\xc3\x9f", " 1" },
	{ "charset utf-8 subject \"Gr\xc3\xbc\xc3\x9f\"", " 1" },
	{ "charset iso-8859-1 subject \"gr\xfc\"", " 1" },
	{ "charset klingon all", "NO" },
	{ "header mime-version \"\"", " 2" },
	{ "header x-no \"\"", "" },
	{ "body \"hello (w\"", " 1" },
	{ "body z\xc3\xbcrich", "BAD" },
	{ "body \"z\xc3\xbcRICH\"", " 2" },
	{ "body inner", " 2" },
	{ "body preamble", "" },
	{ "text multipart", " 2" },
	{ "body multipart", "" },
	{ "not text inside", " 1" },
	{ "or body inside from ann", " 1 2" },
	{ "seen text hello", "" },
	{ "keyword $junk", "" },
	{ "unkeyword $junk", " 1 2" },
	{ "9", "" },
	{ "nosuchkey", "BAD" },
	{ "or all", "BAD" },
	{ "()", "BAD" },
	{ "on 32-Jan-2024", "BAD" },
	{ "header \"a:b\" x", "BAD" },
};

static void
test_search(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(searches); i++) {
		const char *out, *want = searches[i].found;
		char in[256], expected[128];

		print_message("%s\n", searches[i].keys);
		snprintf(in, sizeof(in), "a search %s\r\n", searches[i].keys);
		out = talk(in, strlen(in), true, 65536);
		snprintf(expected, sizeof(expected),
		    "* SEARCH%s\r\na OK SEARCH completed\r\n", want);
		if (want[0] == 'B' || want[0] == 'N')
			assert_memory_equal(out + 2, want, strlen(want));
		else
			assert_string_equal(out, expected);
	}
}

static void
test_search_depth(void **state UNUSED)
{
	char in[2000] = "a search ";

	for (int i = 0; i < 200; i++)
		strcat(in, "not (");
	strcat(in, "\r\n");
	assert_string_equal(talk(in, strlen(in), true, 65536),
	    "a BAD Nested too deeply\r\n");
}

/* ---- LIST ---- */

static const struct {
	const char *command, *out;
} lists[] = {
	{ "list \"\" \"\"", "LIST (\\Noselect) \"/\" \"\"|" },
	{ "list \"\" %",
	    "LIST (\\HasNoChildren) \"/\" INBOX|"
	    "LIST (\\Noselect \\HasChildren) \"/\" a|"
	    "LIST (\\HasNoChildren) \"/\" a-b|"
	    "LIST (\\HasNoChildren) \"/\" &ANw-ber|" },
	{ "list \"\" a*",
	    "LIST (\\Noselect \\HasChildren) \"/\" a|"
	    "LIST (\\HasChildren) \"/\" a/b|"
	    "LIST (\\HasNoChildren) \"/\" \"a/b/c d\"|"
	    "LIST (\\HasNoChildren) \"/\" a-b|" },
	{ "list a/ %", "LIST (\\HasChildren) \"/\" a/b|" },
	{ "list \"\" %/%", "LIST (\\HasChildren) \"/\" a/b|" },
	{ "list \"\" inbox", "LIST (\\HasNoChildren) \"/\" INBOX|" },
	{ "list \"\" InBo%", "" },
	{ "list \"\" *c*d", "LIST (\\HasNoChildren) \"/\" \"a/b/c d\"|" },
	{ "list \"\" gone/x", "" },
	{ "lsub \"\" *",
	    "LSUB (\\HasNoChildren) \"/\" a-b|"
	    "LSUB (\\HasNoChildren) \"/\" gone/x|" },
	{ "lsub \"\" %",
	    "LSUB (\\HasNoChildren) \"/\" a-b|"
	    "LSUB (\\Noselect \\HasNoChildren) \"/\" gone|" },
};

static void
test_list(void **state UNUSED)
{
	static const char *const names[] = { "a-b", "es", "a/b", "e",
		"a/b/c d", "e", "gone/x", "s", "\xc3\x9c"
					       "ber", "e" };
	struct str list = { 0 };

	for (size_t i = 0; i < nitems(names); i++)
		list_put(&list, view_of(names[i]));
	fake.names = str_view(&list);
	for (size_t i = 0; i < nitems(lists); i++) {
		struct str want = { 0 };
		struct view rest = view_of(lists[i].out);
		char in[128];

		while (rest.n > 0) {
			struct view line = view_cut(&rest, '|');

			str_addf(&want, "* %.*s\r\n", VIEW(line));
		}
		str_addf(&want, "a OK %s completed\r\n",
		    lists[i].command[1] == 's' ? "LSUB" : "LIST");
		snprintf(in, sizeof(in), "a %s\r\n", lists[i].command);
		assert_string_equal(talk(in, strlen(in), true, 65536),
		    str_c(&want));
		str_free(&want);
	}
	fake.names = VIEW_NONE;
	str_free(&list);
}

/* ---- trouble ---- */

static void
test_message_gone(void **state UNUSED)
{
	const char *in = "a fetch 1:2 body.peek[text]<0.5>\r\n";

	fake_talk(VIEW_NONE, NULL, NULL, 1);
	fake.message[0] = (struct view){ NULL, 0 };
	fake.message[1] = VIEW_LIT(MIXED);
	fake.messages = 2;
	assert_string_equal(strstr(fake_talk(view_of(in), "a@b", fake_box(),
				64), "\r\n") + 2,
	    "* 2 FETCH (BODY[TEXT]<0> {5}\r\npream)\r\n"
	    "a NO [EXPUNGEISSUED] 1 messages are gone\r\n");
}

static void
test_store_away(void **state UNUSED)
{
	static const char *const commands[] = { "select x", "create x",
		"list \"\" *", "status x (messages)", "fetch 1 body[]",
		"store 1 flags ()", "copy 1 x", "search text x",
		"append x {1+}\r\ny" };

	fake.refuse = true;
	for (size_t i = 0; i < nitems(commands); i++) {
		char in[64];

		snprintf(in, sizeof(in), "a %s\r\n", commands[i]);
		print_message("%s\n", commands[i]);
		assert_non_null(strstr(talk(in, strlen(in), true, 64),
		    "a NO [UNAVAILABLE] "));
	}
	fake.refuse = false;
}

static void
test_long_line(void **state UNUSED)
{
	struct str in = { 0 };

	str_adds(&in, "a noop ");
	for (int i = 0; i < 70000; i++)
		str_addc(&in, 'x');
	str_adds(&in, "\r\nb noop\r\n");
	assert_string_equal(talk(str_c(&in), in.n, true, 65536),
	    "a BAD [LIMIT] Command too long\r\nb OK NOOP completed\r\n");
	assert_string_equal(talk(str_c(&in), in.n, false, 1000),
	    "a BAD [LIMIT] Command too long\r\nb OK NOOP completed\r\n");
	str_free(&in);
}

static int
tear_down(void **state UNUSED)
{
	fake_free();
	return 0;
}

static int
set_up(void **state UNUSED)
{
	talk_message[0] = VIEW_LIT(PLAIN);
	talk_message[1] = VIEW_LIT(MIXED);
	talk_messages = 2;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_login),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_long_responses),
		cmocka_unit_test(test_many_logins),
		cmocka_unit_test(test_selected),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_search_depth),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_message_gone),
		cmocka_unit_test(test_store_away),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
