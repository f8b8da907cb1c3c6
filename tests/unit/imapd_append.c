/* SPDX-License-Identifier: ISC */
/*
 * imapd_append - CATENATE, REPLACE and what else makes a message of others; and
 * the small extensions that stand beside them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "imapd/catenate.h"
#include "imapd/preview.h"
#include "imapd_talk.h"

#define MIXED                                                                  \
	"Subject: mixed\r\n"                                                   \
	"Content-Type: multipart/mixed; boundary=b\r\n"                        \
	"\r\n"                                                                 \
	"--b\r\n"                                                              \
	"\r\n"                                                                 \
	"one\r\n"                                                              \
	"--b\r\n"                                                              \
	"X-Part: two\r\n"                                                      \
	"\r\n"                                                                 \
	"two\r\n"                                                              \
	"--b--\r\n"
#define PLAIN	"Subject: plain\r\n\r\ntext\r\n"

/* ---- URLs ---- */

static const struct {
	const char *url, *mailbox, *section;	/* mailbox NULL: no URL */
	uint32_t uidvalidity, uid;
	uint64_t from, count;
} urls[] = {
	{ "/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER", "Drafts",
	    "HEADER", 385759045, 20, 0, 0 },
	{ "/Drafts/;UID=3002", "Drafts", "", 0, 3002, 0, 0 },
	{ "a/b%20c/;uid=1/;Section=1.2.MIME/;Partial=5.7", "a/b c",
	    "1.2.MIME", 0, 1, 5, 7 },
	{ "/x/;UID=1/;PARTIAL=9", "x", "", 0, 1, 9, 0 },
	{ ";UID=4/;SECTION=HEADER.FIELDS%20(Subject)", "",
	    "HEADER.FIELDS (Subject)", 0, 4, 0, 0 },
	{ "/;UID=4", "", "", 0, 4, 0, 0 },
	{ "/%C3%BC/;UID=1", "\xc3\xbc", "", 0, 1, 0, 0 },
	{ "/x;UID=1", "x", "", 0, 1, 0, 0 },
	{ "", NULL, NULL, 0, 0, 0, 0 },
	{ "/x", NULL, NULL, 0, 0, 0, 0 },
	{ "/x/;UID=0", NULL, NULL, 0, 0, 0, 0 },
	{ "/x/;UID=1x", NULL, NULL, 0, 0, 0, 0 },
	{ "/x/;UID=", NULL, NULL, 0, 0, 0, 0 },
	{ "/x/;UID=4294967296", NULL, NULL, 0, 0, 0, 0 },
	{ "/x;UIDVALIDITY=a/;UID=1", NULL, NULL, 0, 0, 0, 0 },
	{ "/x%2/;UID=1", NULL, NULL, 0, 0, 0, 0 },
	{ "/x%00/;UID=1", NULL, NULL, 0, 0, 0, 0 },
	{ "/x%FF/;UID=1", NULL, NULL, 0, 0, 0, 0 },
	{ "/x/;UID=1/;PARTIAL=1.0", NULL, NULL, 0, 0, 0, 0 },
	{ "/x/;UID=1;URLAUTH=anonymous", NULL, NULL, 0, 0, 0, 0 },
	{ "//host/x/;UID=1", NULL, NULL, 0, 0, 0, 0 },
	{ "imap://host/x/;UID=1", NULL, NULL, 0, 0, 0, 0 },
};

static void
test_urls(void **state UNUSED)
{
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < nitems(urls); i++) {
		struct catenate_url u;
		bool fine = catenate_parse(view_of(urls[i].url), &a, &u);

		print_message("%s\n", urls[i].url);
		assert_int_equal(fine, urls[i].mailbox != NULL);
		if (!fine)
			continue;
		assert_true(view_is(u.mailbox, urls[i].mailbox));
		assert_true(view_is(u.section, urls[i].section));
		assert_int_equal(u.uidvalidity, urls[i].uidvalidity);
		assert_int_equal(u.uid, urls[i].uid);
		assert_int_equal(u.from, urls[i].from);
		assert_int_equal(u.count, urls[i].count);
	}
	arena_reset(&a);
}

/* ---- APPEND of pieces ---- */

#define OK	"a OK [APPENDUID 1 65] APPEND completed\r\n"
#define NO_SUCH	"No such message or part\r\n"

static const struct {
	const char *in, *out, *kept;	/* kept NULL: nothing */
} appends[] = {
	{ "a append work catenate (text {3+}\r\na:b text {4+}\r\n\r\n\r\n)\r\n",
	    OK, "a:b\r\n\r\n" },
	{ "a append work (\\Seen) CATENATE (URL \"/Drafts/;UID=2\")\r\n",
	    OK, PLAIN },
	{ "a append work catenate (URL /Drafts;UIDVALIDITY=5/;UID=1/;"
	  "SECTION=HEADER TEXT {7}\r\n--b\r\n\r\n "
	  "URL \"/Drafts/;UID=1/;SECTION=2\")\r\n",
	    "+ Go ahead\r\n" OK,
	    "Subject: mixed\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	    "\r\n--b\r\n\r\ntwo" },
	{ "a append work catenate (text {1+}\r\nx url {25+}\r\n"
	  "/Drafts/;UID=1/;SECTION=1)\r\n", OK, "xone" },
	{ "a append work catenate (url {25}\r\n/Drafts/;UID=1/;SECTION=1)\r\n",
	    "+ Go ahead\r\n" OK, "one" },
	{ "a append work catenate (url \";UID=2/;SECTION=TEXT/;PARTIAL=1.2\")"
	  "\r\n", OK, "ex" },
	{ "a append work catenate (url \";UID=1/;SECTION="
	  "HEADER.FIELDS%20(subject)\" text {1+}\r\nx)\r\n",
	    OK, "Subject: mixed\r\n\r\nx" },
	{ "a append work catenate (url \";UID=2\") (\\Seen) {2+}\r\nab "
	  "catenate (text {1+}\r\nx)\r\nb noop\r\n",
	    OK "b OK NOOP completed\r\n", "x" },
	{ "a append work catenate (url \"/Nope/;UID=1\")\r\n",
	    "a NO [BADURL /Nope/;UID=1] No such mailbox\r\n", NULL },
	{ "a append work catenate (url \"/Drafts;UIDVALIDITY=6/;UID=1\")\r\n",
	    "a NO [BADURL /Drafts;UIDVALIDITY=6/;UID=1] The mailbox is another "
	    "one now\r\n", NULL },
	{ "a append work catenate (url \"/Drafts/;UID=9\")\r\n",
	    "a NO [BADURL /Drafts/;UID=9] " NO_SUCH, NULL },
	{ "a append work catenate (url \"/Drafts/;UID=2/;SECTION=7\" text {1+}"
	  "\r\nx)\r\nb noop\r\n",
	    "a NO [BADURL /Drafts/;UID=2/;SECTION=7] " NO_SUCH
	    "b OK NOOP completed\r\n", NULL },
	{ "a append work catenate (url \"imap://x ]/;UID=1\")\r\n",
	    "a NO [BADURL imap://x%20%5D/;UID=1] Not a URL of a message here"
	    "\r\n", NULL },
	{ "a append work catenate (url \"/Drafts/;UID=2/;SECTION=x\")\r\n",
	    "a NO [BADURL /Drafts/;UID=2/;SECTION=x] Not a URL of a message "
	    "here\r\n", NULL },
	{ "a append work catenate ()\r\n", "a BAD TEXT or URL expected\r\n",
	    NULL },
	{ "a append work catenate (text \"x\")\r\n",
	    "a BAD Message literal expected\r\n", NULL },
	{ "a append work catenate (text {1+}\r\nx\r\n",
	    "a BAD ) expected\r\n", NULL },
	{ "a append work catenate (text {7999+}\r\n" "%s" " text {2}\r\n"
	  "b noop\r\n",
	    "a NO [TOOBIG] Message too large\r\nb OK NOOP completed\r\n",
	    NULL },
};

static void
test_catenate(void **state UNUSED)
{
	struct str in = { 0 };
	size_t wrong = 0;

	for (size_t i = 0; i < nitems(appends); i++) {
		struct exchange x = { .out = view_of(appends[i].out) };

		str_reset(&in);
		str_reset(&fake.appended);
		if (strstr(appends[i].in, "%s") != NULL) {
			char large[8000];

			memset(large, 'x', 7999);
			large[7999] = '\0';
			str_addf(&in, appends[i].in, large);
		} else {
			str_adds(&in, appends[i].in);
		}
		x.in = str_view(&in);
		wrong += !talk_fits(&x, true);
		if (strcmp(str_c(&fake.appended), appends[i].kept ?
		    appends[i].kept : "") != 0) {
			print_message("%s: kept %s\n", in.p,
			    str_c(&fake.appended));
			wrong++;
		}
	}
	str_free(&in);
	assert_int_equal(wrong, 0);
}

/* ---- REPLACE ---- */

#define REPLACED "* OK [APPENDUID 1 65] Replaced\r\n"

static const struct {
	const char *in, *out;
	uint32_t uid;			/* that went; 0: none */
} replaces[] = {
	{ "a replace 2 work (\\Seen) {5+}\r\nHello\r\n",
	    REPLACED "a OK REPLACE completed\r\n", 2 },
	{ "a uid replace 1 work {5}\r\nHello\r\n",
	    "+ Go ahead\r\n" REPLACED "a OK UID REPLACE completed\r\n", 1 },
	{ "a replace * work catenate (url \";UID=2\")\r\n",
	    REPLACED "a OK REPLACE completed\r\n", 2 },
	{ "a replace 3 work {5+}\r\nHello\r\nb noop\r\n",
	    "a BAD No such message\r\nb OK NOOP completed\r\n", 0 },
	{ "a uid replace 9 work {5+}\r\nHello\r\nb noop\r\n",
	    "a NO [NONEXISTENT] No such message\r\nb OK NOOP completed\r\n",
	    0 },
	{ "a replace 1:2 work {5+}\r\nHello\r\n",
	    "a BAD One message expected\r\n", 0 },
	{ "a replace 1 work {5+}\r\nHello {5+}\r\nHello\r\n",
	    "a BAD Too many arguments\r\n", 0 },
	{ "a replace 1 work\r\n", "a BAD Blank expected\r\n", 0 },
};

static void
test_replace(void **state UNUSED)
{
	size_t wrong = 0;

	for (size_t i = 0; i < nitems(replaces); i++) {
		struct exchange x = { view_of(replaces[i].in),
			view_of(replaces[i].out) };

		fake.replaced = 0;
		wrong += !talk_fits(&x, true);
		wrong += fake.replaced != replaces[i].uid;
	}
	assert_int_equal(wrong, 0);
}

/* ---- others ---- */

static const struct dialog small[] = {
	{ "a fetch 2 preview\r\n",
	    "* 2 FETCH (PREVIEW \"text\")\r\na OK FETCH completed\r\n" },
	{ "a fetch 1 (preview (lazy) uid)\r\n",
	    "* 1 FETCH (PREVIEW \"one\" UID 1)\r\na OK FETCH completed\r\n" },
	{ "a fetch 1 preview (lazy) (changedsince 9)\r\n",
	    "a OK FETCH completed\r\n" },
	{ "a fetch 1 preview (hasty)\r\n", "a BAD Unknown FETCH modifier\r\n" },
	{ "a unauthenticate\r\nb fetch 1 flags\r\nc login x y\r\n",
	    "a OK [CAPABILITY IMAP4rev1 IMAP4rev2 SASL-IR LITERAL+ ID ENABLE IDLE "
	    "AUTH=STEPS AUTH=PLAIN] Nobody is logged in\r\n"
	    "b BAD Log in first\r\n"
	    "c NO [AUTHENTICATIONFAILED] Wrong password\r\n" },
	{ "a enable uidonly\r\nb unauthenticate x\r\n",
	    "* ENABLED UIDONLY\r\na OK ENABLE completed\r\n"
	    "b BAD Too many arguments\r\n" },
};

static void
test_small(void **state UNUSED)
{
	talk_check_all(small, nitems(small), true);
}

static void
test_settings(void **state UNUSED)
{
	const char *in = "a capability\r\nb append x {101}\r\n"
			 "c unauthenticate\r\n", *said;

	fake_conf = "imap_append_limit = 100\nimap_unauthenticate = no\n";
	said = talk(in, strlen(in), true, 65536);
	assert_non_null(strstr(said, " APPENDLIMIT=100\r\n"));
	assert_null(strstr(said, " PREVIEW UNAUTHENTICATE "));
	assert_non_null(strstr(said, "b NO [TOOBIG] "));
	assert_non_null(strstr(said, "c BAD UNAUTHENTICATE is not offered"));
	fake_conf = "";
	said = talk(in, strlen(in), true, 65536);
	assert_non_null(strstr(said, " APPENDLIMIT=8000\r\n"));
	assert_non_null(strstr(said, " PREVIEW UNAUTHENTICATE "));
}

/* ---- previews ---- */

static const struct {
	const char *message, *preview;
} previews[] = {
	{ "\r\n", "" },
	{ "a: b\r\n\r\n  one\r\n\r\ntwo\tthree \r\n", "one two three" },
	{ "\r\n> quoted\r\nanswer\r\n", "answer" },
	{ "Content-Type: text/html\r\n\r\n<html><head><title>x</title>"
	  "<style>p {}</style></head><body><!-- > --><p>Hello&nbsp;<b>W&amp;"
	  "M</b>&lt;&bogus;</p></body>", "Hello W&M <&bogus;" },
	{ "Content-Type: text/html\r\n\r\nopen <", "open" },
	{ "Content-Type: text/html\r\n\r\na<script>b", "a" },
	{ "Content-Type: text/plain; charset=iso-8859-1\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\ngr=FCn\r\n",
	    "gr\xc3\xbcn" },
	{ "Content-Transfer-Encoding: x-what\r\n\r\ntext\r\n", "" },
	{ "Content-Type: image/png\r\n\r\ntext\r\n", "" },
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
	  "--b\r\nContent-Disposition: attachment\r\n\r\nfile\r\n"
	  "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
	  "--c\r\n\r\nthis\r\n--c\r\nContent-Type: text/html\r\n\r\nthat\r\n"
	  "--c--\r\n--b--\r\n", "this" },
};

static void
test_previews(void **state UNUSED)
{
	struct str out = { 0 }, many = { 0 };
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < nitems(previews); i++) {
		struct view m = view_of(previews[i].message);

		str_reset(&out);
		preview_make(&out, m, mime_parse(m, &a));
		assert_string_equal(str_c(&out), previews[i].preview);
	}
	str_reset(&out);
	str_adds(&many, "\r\n");
	for (int i = 0; i < 1000; i++)
		str_adds(&many, "\xc3\xbc");
	preview_make(&out, str_view(&many), mime_parse(str_view(&many), &a));
	assert_int_equal(out.n, 2 * PREVIEW_CHARACTERS);
	str_free(&out);
	str_free(&many);
	arena_reset(&a);
}

static int
set_up(void **state UNUSED)
{
	talk_message[0] = VIEW_LIT(MIXED);
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
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_catenate),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_previews),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
