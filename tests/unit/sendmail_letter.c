/* SPDX-License-Identifier: ISC */
/*
 * sendmail_letter - the command line, and what becomes of a message
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sendmail/drop.h"
#include "sendmail/lines.h"

#define ARGS 12

static bool
read_words(struct options *o, const char *line, char *error, size_t room)
{
	static char text[512];
	static char *argv[ARGS + 1];
	size_t n = 0;
	char *at = text, *word;

	must(strlen(line) < sizeof(text));
	strcpy(text, line);
	while ((word = strsep(&at, " ")) != NULL && n < ARGS)
		argv[n++] = strcmp(word, "''") == 0 ? &text[strlen(line)] : word;
	argv[n] = NULL;
	return options_read(o, argv, error, room);
}

/* As programs of Debian 12 call it; the first recipient shows where the flags
 * end. */
static void
test_options(void **unused)
{
	static const struct {
		const char *line, *sender, *first;
		bool t, i;
	} cases[] = {
		{ "sendmail -FCronDaemon -i -B8BITMIME -oem root", NULL, "root",
		    false, true },
		{ "sendmail -FAnacron -odi root", NULL, "root", false, false },
		{ "sendmail -t", NULL, NULL, true, false },
		{ "sendmail -i -t -f a@b.test", "a@b.test", NULL, true, true },
		{ "sendmail -i -f a@b.test -- r", "a@b.test", "r", false, true },
		{ "sendmail -oi -f a@b.test -t", "a@b.test", NULL, true, true },
		{ "sendmail -oem -oi -- r s", NULL, "r", false, true },
		{ "sendmail -f a@b.test -N failure,delay -R hdrs r", "a@b.test",
		    "r", false, false },
		{ "sendmail -t -i -fa@b.test", "a@b.test", NULL, true, true },
		{ "sendmail -ti -f '' r", "", "r", true, true },
		{ "sendmail -f <> r", "", "r", false, false },
		{ "sendmail -r<a@b.test> r", "a@b.test", "r", false, false },
		{ "sendmail -oitrue -ot r", NULL, "r", true, true },
		{ "sendmail -v -V id -O DeliveryMode=b r", NULL, "r", false,
		    false },
		{ "sendmail -- -r", NULL, "-r", false, false },
	};
	struct options o;
	char error[200];

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		if (!read_words(&o, cases[i].line, error, sizeof(error)))
			fail_msg("%s: %s", cases[i].line, error);
		assert_int_equal(o.mode, MODE_SEND);
		assert_int_equal(o.from_header, cases[i].t);
		assert_int_equal(o.dot_is_text, cases[i].i);
		assert_int_equal(o.sender == NULL, cases[i].sender == NULL);
		if (o.sender != NULL)
			assert_string_equal(o.sender, cases[i].sender);
		assert_int_equal(o.recipients[0] == NULL,
		    cases[i].first == NULL);
		if (cases[i].first != NULL)
			assert_string_equal(o.recipients[0], cases[i].first);
	}
}

static void
test_modes(void **unused)
{
	static const struct {
		const char *line;
		enum mode mode;
	} cases[] = {
		{ "/usr/bin/mailq", MODE_LIST },
		{ "newaliases", MODE_ALIASES },
		{ "sendmail -bp", MODE_LIST },
		{ "sendmail -b s", MODE_SMTP },
		{ "sendmail -bi", MODE_ALIASES },
		{ "sendmail -I", MODE_ALIASES },
		{ "sendmail -bv root", MODE_VERIFY },
		{ "sendmail -q30m", MODE_FLUSH },
		{ "sendmail --drain", MODE_DRAIN },
	};
	struct options o;
	char error[200];

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_true(read_words(&o, cases[i].line, error,
		    sizeof(error)));
		assert_int_equal(o.mode, cases[i].mode);
	}
}

static void
test_wrong_options(void **unused)
{
	static const char *const cases[] = { "sendmail -Z r", "sendmail -f",
		"sendmail -bd", "sendmail -bx", "sendmail --help",
		"sendmail -N sometimes r", "sendmail -R some r",
		"sendmail -B9BIT r", "sendmail -Mabc", "sendmail -tiZ" };
	struct options o;
	char error[200];

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		error[0] = '\0';
		if (read_words(&o, cases[i], error, sizeof(error)))
			fail_msg("%s was accepted", cases[i]);
		assert_true(error[0] != '\0');
	}
}

/* ---- letters ---- */

static const struct caller caller = { .uid = 1000, .user = "joe",
	.full_name = "Joe \"J\" Doe", .hostname = "host.test",
	.domain = "example.test" };

static void
test_letters(void **unused)
{
	/* has, hasnt: in the content; rcpts: joined by blanks */
	static const struct {
		const char *line, *text, *rcpts, *has, *hasnt;
	} cases[] = {
		{ "sendmail root", "hello\n", "root@example.test ",
		    "From: \"Joe \\\"J\\\" Doe\" <joe@example.test>\r\nDate: ",
		    NULL },
		{ "sendmail root", "hello\n", "root@example.test ",
		    "@host.test>\r\n\r\nhello\r\n", NULL },
		{ "sendmail a@b.test,c@d.test", "x", "a@b.test c@d.test ",
		    "\r\n\r\nx\r\n", NULL },
		{ "sendmail -t", "To: root, \"X, Y\" <x@y.test>\nBcc: b@c.test\n"
		    "Subject: s\n\nBcc: stays\n",
		    "root@example.test x@y.test b@c.test ",
		    "To: root@example.test, \"X, Y\" <x@y.test>\r\n",
		    "Bcc: b@c" },
		{ "sendmail -t more@x.test", "To: a@b.test\n\n",
		    "more@x.test a@b.test ", "To: a@b.test\r\n\r\n", NULL },
		{ "sendmail -t", "To: a@b.test\nResent-To: c@d.test\n\n",
		    "c@d.test ", "To: a@b.test\r\n", NULL },
		{ "sendmail -t", "To: g: a@b.test, c@d.test;\n\n",
		    "a@b.test c@d.test ", "To: g: a@b.test, c@d.test;\r\n",
		    NULL },
		{ "sendmail root", "From: root (Cron Daemon)\n\nx\n",
		    "root@example.test ",
		    "From: Cron Daemon <root@example.test>\r\n", "Joe" },
		{ "sendmail -G root", "Subject: s\n\nx\n", "root@example.test ",
		    "Subject: s\r\n\r\nx\r\n", "From:" },
		{ "sendmail root", "From me Mon Jan 1\nSubject: s\n\nx\n",
		    "root@example.test ", "Subject: s\r\n\r\nx\r\n",
		    "From me" },
		{ "sendmail -Fme -fa@b.test root", "a\rb\r\nc\n",
		    "root@example.test ", "From: me <a@b.test>\r\n", "a\rb" },
		{ "sendmail -f '' root", "date: now\nmessage-id: <x>\n\n",
		    "root@example.test ", "date: now\r\nmessage-id: <x>\r\n",
		    "Message-ID:" },
	};
	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct arena arena;
		struct options o;
		struct letter l = { .arena = &arena, .options = &o,
			.caller = &caller };
		struct str rcpts = { 0 };
		struct why w;
		char error[200];

		arena_init(&arena);
		assert_true(read_words(&o, cases[i].line, error,
		    sizeof(error)));
		if (!letter_make(&l, view_of(cases[i].text), &w))
			fail_msg("case %zu: %s", i, w.text);
		for (size_t r = 0; r < l.rcpts; r++)
			str_addf(&rcpts, "%.*s ", VIEW(l.rcpt[r]));
		assert_string_equal(str_c(&rcpts), cases[i].rcpts);
		if (strstr(str_c(&l.content), cases[i].has) == NULL)
			fail_msg("case %zu: no %s in %s", i, cases[i].has,
			    str_c(&l.content));
		if (cases[i].hasnt != NULL)
			assert_null(strstr(str_c(&l.content), cases[i].hasnt));
		str_free(&rcpts);
		letter_free(&l);
		arena_reset(&arena);
	}
}

static void
test_refused_letters(void **unused)
{
	static const struct {
		const char *line, *text, *status;
	} cases[] = {
		{ "sendmail -t", "Subject: x\n\n", "5.4" },
		{ "sendmail -t", "To: John Smith\n\n", "1.3" },
		{ "sendmail -t", "To: <a@b.test\n\n", "1.3" },
		{ "sendmail a@b@c", "x", "1.3" },
		{ "sendmail -f a@@b root", "x", "1.7" },
	};
	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct arena arena;
		struct options o;
		struct letter l = { .arena = &arena, .options = &o,
			.caller = &caller };
		struct why w;
		char error[200];

		arena_init(&arena);
		assert_true(read_words(&o, cases[i].line, error,
		    sizeof(error)));
		if (letter_make(&l, view_of(cases[i].text), &w))
			fail_msg("case %zu was accepted", i);
		assert_string_equal(w.status, cases[i].status);
		letter_free(&l);
		arena_reset(&arena);
	}
}

/* Whatever comes in can be sent by SMTP: no long line, no NUL, no bare CR. */
static void
test_lines(void **unused)
{
	static const char *const heads[] = { "Subject: x\n\n",
		"Subject: x\nMIME-Version: 1.0\n\n", "" };
	char body[3000];

	(void)unused;
	for (size_t i = 0; i < nitems(heads); i++) {
		struct arena arena;
		struct options o;
		struct letter l = { .arena = &arena, .options = &o,
			.caller = &caller };
		struct str raw = { 0 };
		struct why w;
		char error[200];

		memset(body, 'x', sizeof(body));
		body[1500] = '\0';
		str_adds(&raw, heads[i]);
		str_addn(&raw, body, sizeof(body));
		arena_init(&arena);
		read_words(&o, "sendmail root", error, sizeof(error));
		assert_true(letter_make(&l, str_view(&raw), &w));
		assert_false(lines_unfit(str_view(&l.content)));
		letter_free(&l);
		str_free(&raw);
		arena_reset(&arena);
	}
}

static void
test_fold(void **unused)
{
	struct str field = { 0 }, out = { 0 };

	(void)unused;
	str_adds(&field, "References:");
	for (int i = 0; i < 300; i++)
		str_addf(&field, " <%d@host.test>", i);
	str_adds(&field, "\r\n");
	lines_fold(&out, str_view(&field));
	assert_false(lines_unfit(str_view(&out)));
	/* without the folds it is what it was */
	for (size_t at; (at = view_search(str_view(&out),
	    VIEW_LIT("\r\n "))) < out.n;)
		memmove(out.p + at, out.p + at + 2, out.n - at - 1),
		    out.n -= 2;
	assert_true(view_eq(str_view(&out), str_view(&field)));
	str_free(&field);
	str_free(&out);
}

static void
test_dot(void **unused)
{
	static const struct {
		const char *in, *out;
		bool dot;
	} cases[] = {
		{ "a\n.\nb\n", "a\n", true },
		{ "a\r\n.\r\nb", "a\r\n", true },
		{ ".\n", "", true },
		{ "..\n.a\n", "..\n.a\n", true },
		{ "a\n.\nb\n", "a\n.\nb\n", false },
		{ "a\n.", "a\n.", true },
	};

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct str raw = { 0 };
		struct why w;
		int fd[2];

		assert_int_equal(pipe(fd), 0);
		assert_int_equal(write(fd[1], cases[i].in,
		    strlen(cases[i].in)), strlen(cases[i].in));
		close(fd[1]);
		assert_true(letter_read(&raw, fd[0], cases[i].dot, &w));
		assert_true(view_is(str_view(&raw), cases[i].out));
		close(fd[0]);
		str_free(&raw);
	}
}

static void
test_drop_files(void **unused)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "uid 1\nsender a@b.test\nrcpt c@d.test\n\nx\r\n", true },
		{ "uid 1\nsender \nrcpt c@d.test\nrcpt e@f.test\n\n", true },
		{ "sender a@b.test\n\nx", false },
		{ "sender a@b.test\nrcpt bare\n\nx", false },
		{ "sender a\nsender b\nrcpt c@d.test\n\n", false },
		{ "sender a\nrcpt c@d.test\nnonsense\n\n", false },
		{ "", false },
	};

	(void)unused;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct arena arena;
		struct letter l = { .arena = &arena };

		arena_init(&arena);
		assert_int_equal(drop_parse(&l, view_of(cases[i].text)),
		    cases[i].good);
		letter_free(&l);
		arena_reset(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_refused_letters),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_dot),
		cmocka_unit_test(test_drop_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
