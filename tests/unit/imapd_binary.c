/* SPDX-License-Identifier: ISC */
/*
 * imapd_binary - BINARY, literal8, and NUL where it may not be seen
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "imapd_talk.h"
#include "lib/mail/encode.h"

#define PARTS                                                                  \
	"Content-Type: multipart/mixed; boundary=b\r\n"                        \
	"\r\n"                                                                 \
	"--b\r\n"                                                              \
	"Content-Transfer-Encoding: base64\r\n"                                \
	"\r\n"                                                                 \
	"YWJj\r\nAGRl\r\n\r\n"                                                 \
	"--b\r\n"                                                              \
	"Content-Transfer-Encoding: quoted-printable\r\n"                      \
	"\r\n"                                                                 \
	"caf=E9 =\r\nau lait\r\n"                                              \
	"--b\r\n"                                                              \
	"Content-Transfer-Encoding: x-rot13\r\n"                               \
	"\r\n"                                                                 \
	"Uryyb\r\n"                                                            \
	"--b\r\n"                                                              \
	"Content-Type: message/rfc822\r\n"                                     \
	"\r\n"                                                                 \
	"Content-Transfer-Encoding: base64\r\n"                                \
	"\r\n"                                                                 \
	"aGk=\r\n"                                                             \
	"--b--\r\n"
/* As SMTP with BINARYMIME may deliver it. */
#define BINARY                                                                 \
	"Subject: a\0b\r\n"                                                    \
	"Content-Transfer-Encoding: binary\r\n"                                \
	"\r\n"                                                                 \
	"x\0y\0\r\n"

#define DONE	"a OK FETCH completed\r\n"
#define UNKNOWN                                                                \
	"a NO [UNKNOWN-CTE] A part is encoded in a way that nobody here knows" \
	"\r\n"

static const struct exchange fetches[] = {
	{ VIEW_LIT("a fetch 1 (binary.peek[1] binary.size[1])\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[1] ~{6}\r\nabc\0de BINARY.SIZE[1] 6)"
		"\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 binary.peek[1]<1.2>\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[1]<1> {2}\r\nbc)\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 binary.peek[1]<3.9>\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[1]<3> ~{3}\r\n\0de)\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 binary.peek[1]<6.1>\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[1]<6> {0}\r\n)\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 (binary.peek[1]<0.2> binary.peek[1]<2.2> "
		"binary.peek[1]<1.4>)\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[1]<0> {2}\r\nab BINARY[1]<2> ~{2}\r\nc"
		"\0 BINARY[1]<1> ~{4}\r\nbc\0d)\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 binary[2]\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[2] {12}\r\ncaf\xe9 au lait "
		"FLAGS (\\Seen))\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 (flags binary.size[2])\r\n"),
	    VIEW_LIT("* 1 FETCH (FLAGS () BINARY.SIZE[2] 12)\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 binary.peek[3]\r\n"), VIEW_LIT(UNKNOWN) },
	{ VIEW_LIT("a fetch 1:2 (uid binary.size[3])\r\n"),
	    VIEW_LIT("* 2 FETCH (UID 2 BINARY.SIZE[3] 0)\r\n" UNKNOWN) },
	{ VIEW_LIT("a fetch 1 binary.peek[4.1]\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[4.1] {2}\r\nhi)\r\n" DONE) },
	/* a message is not encoded, what is in it is */
	{ VIEW_LIT("a fetch 1 binary.peek[4]\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[4] {41}\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\naGk=)\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 binary.peek[7]\r\n"),
	    VIEW_LIT("* 1 FETCH (BINARY[7] NIL)\r\n" DONE) },
	{ VIEW_LIT("a fetch 2 binary.peek[]\r\n"),
	    VIEW_LIT("* 2 FETCH (BINARY[] ~{57}\r\n" BINARY ")\r\n" DONE) },
	{ VIEW_LIT("a fetch 2 binary.size[]\r\n"),
	    VIEW_LIT("* 2 FETCH (BINARY.SIZE[] 57)\r\n" DONE) },
	{ VIEW_LIT("a fetch 2 (rfc822.size body.peek[])\r\n"),
	    VIEW_LIT("* 2 FETCH (RFC822.SIZE 57 BODY[] {57}\r\n"
		"Subject: a\x80" "b\r\nContent-Transfer-Encoding: binary\r\n"
		"\r\nx\x80y\x80\r\n)\r\n" DONE) },
	{ VIEW_LIT("a fetch 2 (body.peek[1]<1.2> "
		"body.peek[header.fields (subject)])\r\n"),
	    VIEW_LIT("* 2 FETCH (BODY[1]<1> {2}\r\n\x80y "
		"BODY[HEADER.FIELDS (subject)] {16}\r\n"
		"Subject: a\x80" "b\r\n\r\n)\r\n" DONE) },
	{ VIEW_LIT("a fetch 1 binary.peek[header]\r\n"),
	    VIEW_LIT("a BAD Wrong character\r\n") },
	{ VIEW_LIT("a fetch 1 binary.peek[1.mime]\r\n"),
	    VIEW_LIT("a BAD Wrong character\r\n") },
	{ VIEW_LIT("a fetch 1 binary\r\n"),
	    VIEW_LIT("a BAD Wrong character\r\n") },
	{ VIEW_LIT("a fetch 1 binary.size[1]<0.1>\r\n"),
	    VIEW_LIT("a BAD Too many arguments\r\n") },
};

static void
test_fetch(void **state UNUSED)
{
	talk_message[0] = VIEW_LIT(PARTS);
	talk_message[1] = VIEW_LIT(BINARY);
	talk_messages = 2;
	for (size_t i = 0; i < nitems(fetches); i++)
		talk_check(&fetches[i], true);
}

/* A part that takes many pieces, from one end to the other and back. */
static void
test_large(void **state UNUSED)
{
	struct str plain = { 0 }, message = { 0 }, want = { 0 };
	struct view line;

	for (int i = 0; i < 30000; i++)
		str_addf(&plain, "%d,", i);
	str_adds(&message, "Content-Transfer-Encoding: base64\r\n\r\n");
	for (struct view v = str_view(&plain); v.n > 0;
	     v = view_skip(v, line.n)) {
		line = (struct view){ v.p, v.n < 57 ? v.n : 57 };
		encode_base64(&message, line);
		str_adds(&message, "\r\n");
	}
	talk_message[0] = str_view(&message);
	talk_messages = 1;
	for (size_t from = 0; from < plain.n; from += 50000) {
		size_t n = plain.n - from < 50000 ? plain.n - from : 50000;

		str_addf(&want, "* 1 FETCH (BINARY[1]<%zu> {%zu}\r\n", from, n);
		str_addn(&want, plain.p + from, n);
		str_adds(&want, ")\r\n" DONE);
	}
	str_addf(&want, "* 1 FETCH (BINARY[1]<10> {9}\r\n%.9s)\r\n" DONE,
	    plain.p + 10);
	assert_string_equal(talk_view(VIEW_LIT(
	    "a fetch 1 binary.peek[1]<0.50000>\r\n"
	    "a fetch 1 binary.peek[1]<50000.50000>\r\n"
	    "a fetch 1 binary.peek[1]<100000.50000>\r\n"
	    "a fetch 1 binary.peek[1]<150000.50000>\r\n"
	    "a fetch 1 binary.peek[1]<10.9>\r\n"), true, 65536).p,
	    str_c(&want));
	str_free(&plain);
	str_free(&message);
	str_free(&want);
}

/* ---- APPEND ---- */

#define APPENDED "a OK [APPENDUID 1 65] APPEND completed\r\n"

static const struct {
	struct exchange talk;
	const char *kept;		/* NULL: nothing */
} appends[] = {
	{ { VIEW_LIT("a append work ~{5+}\r\nHello\r\n"),
	    VIEW_LIT(APPENDED) }, "Hello" },
	{ { VIEW_LIT("a append work ~{5}\r\nHello\r\n"),
	    VIEW_LIT("+ Go ahead\r\n" APPENDED) }, "Hello" },
	{ { VIEW_LIT("a append work (\\Seen $x) ~{42+}\r\n"
		"Content-Transfer-Encoding: binary\r\n\r\na\0b\r\n\r\n"),
	    VIEW_LIT(APPENDED) },
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\na=00b\r\n" },
	{ { VIEW_LIT("a append work {3+}\r\na\0b\r\n"),
	    VIEW_LIT("a NO [CANNOT] NUL in the message\r\n") }, NULL },
	{ { VIEW_LIT("a append work ~{19+}\r\nSubject: a\0b\r\n\r\na\r\n\r\n"),
	    VIEW_LIT("a NO [UNKNOWN-CTE] NUL where it cannot be encoded\r\n") },
	    NULL },
	{ { VIEW_LIT("a append work ~ {3+}\r\nabc\r\n"),
	    VIEW_LIT("a BAD Message literal expected\r\n") }, NULL },
	{ { VIEW_LIT("a append ~{4+}\r\nwork {1+}\r\nx\r\n"),
	    VIEW_LIT("a BAD Blank expected\r\n") }, NULL },
};

static void
test_append(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(appends); i++) {
		str_reset(&fake.appended);
		talk_check(&appends[i].talk, true);
		assert_string_equal(str_c(&fake.appended),
		    appends[i].kept ? appends[i].kept : "");
	}
}

/* ---- LITERAL- ---- */

/* 4096 octets may come at once, and one more has to wait. */
static void
test_literal_minus(void **state UNUSED)
{
	struct str in = { 0 };

	fake_conf = "imap_literal_minus = yes\n";
	for (size_t n = 4096; n <= 4097; n++) {
		str_addf(&in, "a create {%zu+}\r\n%0*d\r\n", n, (int)n, 0);
		str_addf(&in, "b append x {%zu+}\r\n%0*d\r\n", n, (int)n, 0);
		str_addf(&in, "c append x {%zu}\r\n%0*d\r\n", n, (int)n, 0);
	}
	assert_string_equal(talk(str_c(&in), in.n, true, 65536),
	    "a OK [MAILBOXID (F1)] CREATE completed\r\n"
	    "b OK [APPENDUID 1 65] APPEND completed\r\n"
	    "+ Go ahead\r\nc OK [APPENDUID 1 65] APPEND completed\r\n"
	    "a BAD [TOOBIG] Literal too large to be sent without waiting\r\n"
	    "b BAD [TOOBIG] Literal too large to be sent without waiting\r\n"
	    "+ Go ahead\r\nc OK [APPENDUID 1 65] APPEND completed\r\n");
	str_reset(&in);
	str_adds(&in, "a capability\r\nb login {4097+}\r\n");
	assert_non_null(strstr(talk(str_c(&in), in.n, false, 65536),
	    " LITERAL- "));
	assert_non_null(strstr(str_c(&fake.output), "* BYE [TOOBIG] "));
	fake_conf = "";
	str_free(&in);
}

static int
tear_down(void **state UNUSED)
{
	fake_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fetch),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_literal_minus),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
