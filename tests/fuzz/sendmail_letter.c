/* SPDX-License-Identifier: ISC */
/*
 * sendmail_letter - any words on the command line, any message, any dropped file
 *
 * The first line is the words, divided by blanks; the rest is the message. What
 * becomes a letter can be sent by SMTP, and every recipient has a domain. The
 * whole input is read as a file of the drop directory, too.
 */
#include "sendmail/drop.h"
#include "sendmail/lines.h"

#include <stdlib.h>

#define WORDS_MOST	16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct caller caller = { .uid = 1000, .user = "joe",
	.full_name = "Joe \"J\" Doe", .hostname = "host.test",
	.domain = "example.test" };

static void
check_recipients(const struct letter *l)
{
	for (size_t i = 0; i < l->rcpts; i++) {
		must(view_rfind(l->rcpt[i], '@') < l->rcpt[i].n);
		must(view_find(l->rcpt[i], '\n') == l->rcpt[i].n);
		must(view_find(l->rcpt[i], '\r') == l->rcpt[i].n);
	}
}

/* Lines end in CR LF, and there is neither of them elsewhere. */
static void
check_content(struct view v)
{
	must(!lines_unfit(v));
	must(v.n == 0 || view_ends(v, VIEW_LIT("\r\n")));
	while (v.n > 0) {
		struct view line = view_cut(&v, '\n');

		must(line.n > 0 && view_find(line, '\r') == line.n - 1);
	}
}

static void
make(const struct options *o, struct view message)
{
	struct arena arena;
	struct letter l = { .arena = &arena, .options = o, .caller = &caller };
	struct why w;

	arena_init(&arena);
	if (letter_make(&l, message, &w)) {
		must(l.rcpts > 0);
		check_recipients(&l);
		check_content(str_view(&l.content));
	} else {
		must(w.verdict == VERDICT_NEVER && w.text[0] != '\0');
	}
	letter_free(&l);
	arena_reset(&arena);
}

static void
drop(struct view text)
{
	struct arena arena;
	struct letter l = { .arena = &arena };

	arena_init(&arena);
	if (drop_parse(&l, text)) {
		must(l.rcpts > 0);
		check_recipients(&l);
	}
	letter_free(&l);
	arena_reset(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view message = view_bytes(data, size);
	struct view line = view_cut(&message, '\n');
	char *argv[WORDS_MOST + 1], error[200] = "";
	size_t n = 0;
	struct options o;

	drop(view_bytes(data, size));
	while (line.n > 0 && n < WORDS_MOST) {
		struct view word = view_cut(&line, ' ');
		/* "-f ''" has a word without octets */
		bool none = view_is(word, "''");

		argv[n] = xcalloc(1, word.n + 1);
		if (word.n > 0 && !none)
			memcpy(argv[n], word.p, word.n);
		n++;
	}
	argv[n] = NULL;
	if (n > 0 && options_read(&o, argv, error, sizeof(error)))
		make(&o, message);
	else
		must(n == 0 || error[0] != '\0');
	while (n > 0)
		free(argv[--n]);
	return 0;
}
