/* SPDX-License-Identifier: ISC */
/*
 * imapd_utf8 - what ENABLE changes: UTF8=ACCEPT, IMAP4rev2, UIDONLY
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "imapd_talk.h"

#define UUML	"\xc3\xbc"		/* u with dots */
#define UTF8_HEADER "Subject: gr" UUML "n\r\nFrom: <j" UUML "rg@example.test>\r\n"
#define INTERNATIONAL UTF8_HEADER "\r\nbody " UUML "\r\n"
#define SURROGATE                                                              \
	"Subject: =?UTF-8?Q?gr=C3=BCn?=\r\n"                                   \
	"From: =?UTF-8?Q?j=C3=BCrg=40example=2Etest?=\r\n"                     \
	" <invalid@internationalized-address.invalid>\r\n\r\n"
#define PLAIN	"Subject: plain\r\n\r\ntext\r\n"

#define ENABLE(what)	"e enable " what "\r\n"
#define ENABLED(what)	"* ENABLED " what "\r\ne OK ENABLE completed\r\n"

#define UTF8	"UTF8=ACCEPT"
#define REV2	"IMAP4rev2"
#define ONLY	"UIDONLY"

static const struct dialog talks[] = {
	{ "e enable imap4rev2 UTF8=accept uidonly klingon\r\n",
	    "* ENABLED IMAP4rev2 UTF8=ACCEPT UIDONLY\r\n"
	    "e OK ENABLE completed\r\n" },
	{ ENABLE(UTF8) ENABLE(UTF8),
	    ENABLED(UTF8) "* ENABLED\r\ne OK ENABLE completed\r\n" },

	/* names */
	{ ENABLE(UTF8) "a create \"" UUML "\"\r\n",
	    ENABLED(UTF8) "a OK [MAILBOXID (F1)] CREATE completed\r\n" },
	{ ENABLE(UTF8) "a create {2+}\r\n" UUML "\r\n",
	    ENABLED(UTF8) "a OK [MAILBOXID (F1)] CREATE completed\r\n" },
	{ ENABLE(UTF8) "a create \"\xc3\"\r\n",
	    ENABLED(UTF8) "a BAD Not UTF-8\r\n" },
	{ ENABLE(UTF8) "a create {1+}\r\n\xc3\r\n",
	    ENABLED(UTF8) "a BAD Mailbox name is not UTF-8\r\n" },
	{ ENABLE(UTF8) "a create " UUML "\r\n",
	    ENABLED(UTF8) "a BAD Argument expected\r\n" },
	{ ENABLE(UTF8) "a create \"a\x07\"\r\n",
	    ENABLED(UTF8) "a BAD Control character in a mailbox name\r\n" },
	{ ENABLE(REV2) "a create \"a\xc2\x85\"\r\n",
	    ENABLED(REV2) "a BAD Control character in a mailbox name\r\n" },
	{ "a create &AIU-\r\n", "a BAD Control character in a mailbox name\r\n" },
	{ ENABLE(UTF8) "a list \"\" *\r\n",
	    ENABLED(UTF8) "* LIST (\\HasNoChildren) \"/\" &\r\n"
	    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
	    "* LIST (\\HasNoChildren) \"/\" \"" UUML "\"\r\n"
	    "a OK LIST completed\r\n" },
	{ "a list \"\" *\r\n", "* LIST (\\HasNoChildren) \"/\" &-\r\n"
	    "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
	    "* LIST (\\HasNoChildren) \"/\" &APw-\r\n"
	    "a OK LIST completed\r\n" },
	{ ENABLE(REV2) "a list \"\" \"" UUML "\"\r\n",
	    ENABLED(REV2) "* LIST (\\HasNoChildren) \"/\" \"" UUML "\"\r\n"
	    "a OK LIST completed\r\n" },
	/* u and two dots become one letter, and who knows OLDNAME hears it */
	{ ENABLE(REV2) "a create \"u\xcc\x88\"\r\n",
	    ENABLED(REV2) "* LIST () \"/\" \"" UUML
	    "\" (\"OLDNAME\" (\"u\xcc\x88\"))\r\na OK [MAILBOXID (F1)] CREATE completed\r\n" },
	{ ENABLE(REV2) "a rename a \"u\xcc\x88\"\r\n",
	    ENABLED(REV2) "* LIST () \"/\" \"" UUML
	    "\" (\"OLDNAME\" (a))\r\na OK RENAME completed\r\n" },
	{ ENABLE(UTF8) "a create \"u\xcc\x88\"\r\n",
	    ENABLED(UTF8) "a OK [MAILBOXID (F1)] CREATE completed\r\n" },

	/* messages */
	{ "a fetch 1 (rfc822.size body.peek[])\r\n",
	    "* 1 FETCH (RFC822.SIZE 55 BODY[] {135}\r\n" SURROGATE "body " UUML
	    "\r\n)\r\na OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[]<117.18>\r\n",
	    "* 1 FETCH (BODY[]<117> {18}\r\nalid>\r\n\r\nbody " UUML
	    "\r\n)\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[]<130.9>\r\n",
	    "* 1 FETCH (BODY[]<130> {5}\r\n " UUML "\r\n)\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[header]\r\n",
	    "* 1 FETCH (BODY[HEADER] {126}\r\n" SURROGATE ")\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[text]\r\n",
	    "* 1 FETCH (BODY[TEXT] {9}\r\nbody " UUML "\r\n)\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[header.fields (subject)]\r\n",
	    "* 1 FETCH (BODY[HEADER.FIELDS (subject)] {34}\r\n"
	    "Subject: =?UTF-8?Q?gr=C3=BCn?=\r\n\r\n)\r\n"
	    "a OK FETCH completed\r\n" },
	{ "a fetch 2 body.peek[]\r\n",
	    "* 2 FETCH (BODY[] {24}\r\n" PLAIN ")\r\na OK FETCH completed\r\n" },
	{ "a fetch 1 body.peek[1.mime]\r\n",
	    "* 1 FETCH (BODY[1.MIME] {126}\r\n" SURROGATE ")\r\n"
	    "a OK FETCH completed\r\n" },
	{ ENABLE(UTF8) "a fetch 1 body.peek[]\r\n",
	    ENABLED(UTF8) "* 1 FETCH (BODY[] {55}\r\n" INTERNATIONAL ")\r\n"
	    "a OK FETCH completed\r\n" },
	{ ENABLE(REV2) "a fetch 1 body.peek[header]\r\n",
	    ENABLED(REV2) "* 1 FETCH (BODY[HEADER] {46}\r\n" UTF8_HEADER
	    "\r\n)\r\na OK FETCH completed\r\n" },
	{ "a append work {55+}\r\n" INTERNATIONAL "\r\n",
	    "a NO [CANNOT] UTF-8 in a header is for after ENABLE UTF8=ACCEPT"
	    "\r\n" },
	{ "a append work {15+}\r\na: b\r\n\r\nbody " UUML "\r\n",
	    "a OK [APPENDUID 1 65] APPEND completed\r\n" },
	{ ENABLE(UTF8) "a append work {55+}\r\n" INTERNATIONAL "\r\n",
	    ENABLED(UTF8) "a OK [APPENDUID 1 65] APPEND completed\r\n" },
	{ ENABLE(UTF8) "a append work (\\Seen) UTF8 (~{55+}\r\n" INTERNATIONAL
	  ")\r\n",
	    ENABLED(UTF8) "a OK [APPENDUID 1 65] APPEND completed\r\n" },
	{ ENABLE(UTF8) "a append work UTF8 (~{55+}\r\n" INTERNATIONAL "\r\n",
	    ENABLED(UTF8) "a BAD ) expected\r\n" },
	{ ENABLE(UTF8) "a append work UTF8 ({2+}\r\nab)\r\n",
	    ENABLED(UTF8) "a BAD Literal8 expected\r\n" },
	{ "a append work UTF8 (~{2+}\r\nab)\r\n",
	    "a BAD ENABLE UTF8=ACCEPT first\r\n" },

	/* searching */
	{ ENABLE(UTF8) "a search charset utf-8 all\r\n",
	    ENABLED(UTF8) "a BAD The charset is UTF-8\r\n" },
	{ ENABLE(UTF8) "a search subject \"GR" UUML "\"\r\n",
	    ENABLED(UTF8) "* SEARCH 1\r\na OK SEARCH completed\r\n" },
	{ ENABLE(REV2) "a search subject \"GR" UUML "\"\r\nb uid search 9\r\n"
	  "c search return (count) all\r\nd search charset us-ascii 2\r\n",
	    ENABLED(REV2) "* ESEARCH (TAG \"a\") ALL 1\r\n"
	    "a OK SEARCH completed\r\n"
	    "* ESEARCH (TAG \"b\") UID\r\nb OK UID SEARCH completed\r\n"
	    "* ESEARCH (TAG \"c\") COUNT 2\r\nc OK SEARCH completed\r\n"
	    "* ESEARCH (TAG \"d\") ALL 2\r\nd OK SEARCH completed\r\n" },

	/* flags */
	{ ENABLE(REV2) "a fetch 2 flags\r\nb store 2 +flags $Junk\r\n",
	    ENABLED(REV2) "* 2 FETCH (FLAGS ())\r\na OK FETCH completed\r\n"
	    "* 2 FETCH (UID 2 FLAGS ())\r\nb OK STORE completed\r\n" },
	{ ENABLE(REV2) "a check\r\nb lsub \"\" x\r\nc fetch 2 rfc822.text\r\n",
	    ENABLED(REV2) "a OK CHECK completed\r\nb OK LSUB completed\r\n"
	    "* 2 FETCH (RFC822.TEXT {6}\r\ntext\r\n FLAGS (\\Seen))\r\n"
	    "c OK FETCH completed\r\n" },

	/* no numbers */
	{ ENABLE(ONLY) "a fetch 1 flags\r\nb search all\r\nc copy 1 x\r\n"
	  "d uid search 1\r\ne2 uid search all\r\nf uid fetch 2 flags\r\n"
	  "g uid fetch 1:* (uid)\r\nh uid store 1 +flags \\Deleted\r\n"
	  "i expunge\r\nj uid search return (all) not (2:*)\r\n"
	  "k uid search uid 1:*\r\n",
	    ENABLED(ONLY) "a BAD [UIDREQUIRED] Only UID FETCH is allowed\r\n"
	    "b BAD [UIDREQUIRED] Only UID SEARCH is allowed\r\n"
	    "c BAD [UIDREQUIRED] Only UID COPY is allowed\r\n"
	    "d BAD [UIDREQUIRED] Message numbers are not used\r\n"
	    "* SEARCH 1 2\r\ne2 OK UID SEARCH completed\r\n"
	    "* 2 UIDFETCH (FLAGS ())\r\nf OK UID FETCH completed\r\n"
	    "* 1 UIDFETCH (UID 1)\r\n* 2 UIDFETCH (UID 2)\r\n"
	    "g OK UID FETCH completed\r\n"
	    "* 1 UIDFETCH (FLAGS (\\Deleted))\r\nh OK UID STORE completed\r\n"
	    "* VANISHED 1\r\ni OK EXPUNGE completed\r\n"
	    "j BAD [UIDREQUIRED] Message numbers are not used\r\n"
	    "* SEARCH 2\r\nk OK UID SEARCH completed\r\n" },
	{ ENABLE(ONLY) ENABLE("qresync")
	  "a select x (qresync (1 1 1:9 (1:2 1:2)))\r\n",
	    ENABLED(ONLY) ENABLED("QRESYNC")
	    "a BAD [UIDREQUIRED] Message numbers are not used\r\n" },
};

static void
test_talks(void **state UNUSED)
{
	static const char *const names[] = { "&", "e", UUML, "e" };
	struct str list = { 0 };

	for (size_t i = 0; i < nitems(names); i++)
		list_put(&list, view_of(names[i]));
	fake.names = str_view(&list);
	talk_check_all(talks, nitems(talks), true);
	fake.names = VIEW_NONE;
	str_free(&list);
}

/* Before ENABLE, the quotes of a client may have what they like. */
static void
test_created(void **state UNUSED)
{
	const char *in = ENABLE(UTF8) "a create \"u\xcc\x88\"\r\n";

	talk(in, strlen(in), true, 65536);
	assert_string_equal(str_c(&fake.created), UUML);
	in = "a create &APw-\r\n";
	talk(in, strlen(in), true, 65536);
	assert_string_equal(str_c(&fake.created), UUML);
	in = "a create u&Awg-\r\n";
	talk(in, strlen(in), true, 65536);
	assert_string_equal(str_c(&fake.created), "u\xcc\x88");
}

static int
set_up(void **state UNUSED)
{
	talk_message[0] = VIEW_LIT(INTERNATIONAL);
	talk_message[1] = VIEW_LIT(PLAIN);
	talk_messages = 2;
	return 0;
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
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_created),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
