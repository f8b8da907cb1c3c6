/* SPDX-License-Identifier: ISC */
/*
 * letter - octet by octet, with what has to be seen first held back
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "deliver/letter.h"
#include "lib/base/file.h"
#include "lib/mail/loop.h"

#define STEP		65536
#define AT_ONCE	(256u << 10)	/* so that a kill leaves a small mail whole */

static const struct view from_ = { "From ", 5 };

/* ---- in front ---- */

/* Readers take it apart at the blanks. */
static void
add_from(struct str *out, struct view sender, int64_t now)
{
	time_t t = (time_t)now;
	char date[32] = "Thu Jan  1 00:00:00 1970";
	struct tm tm;

	str_add(out, from_);
	for (size_t i = 0; i < sender.n; i++)
		str_addc(out, sender.p[i] == ' ' || sender.p[i] == '\t' ?
		    '-' : sender.p[i]);
	if (sender.n == 0)
		str_adds(out, "MAILER-DAEMON");
	if (localtime_r(&t, &tm) != NULL)
		strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm);
	str_addf(out, " %s\n", date);
}

void
letter_open(struct letter *l, int content, const struct order *o,
    enum letter_form form, int64_t now)
{
	*l = (struct letter){ .content = content, .at = o->skip, .form = form,
		.line_start = true };
	if (form == LETTER_COMMAND || form == LETTER_MBOX)
		add_from(&l->out, o->sender, now);
	if (form != LETTER_FORWARD)
		str_addf(&l->out, "Return-Path: <%.*s>\nX-Original-To: "
		    "%.*s\n", VIEW(o->sender), VIEW(o->original));
	str_addf(&l->out, "Delivered-To: %.*s\n", VIEW(o->address));
}

/* ---- the mail ---- */

static void
add_octet(struct letter *l, char c)
{
	str_addc(&l->out, c);
	l->line_start = c == '\n';
}

static void
let_go(struct letter *l)
{
	struct view held = { from_.p, l->from };

	l->from = 0;
	for (size_t i = 0; i < held.n; i++)
		add_octet(l, held.p[i]);
}

static void
put(struct letter *l, char c)
{
	bool begins = l->form == LETTER_MBOX &&
	    (l->line_start || l->from > 0);

	if (begins && c == from_.p[l->from]) {
		if (++l->from == from_.n) {
			add_octet(l, '>');
			let_go(l);
		}
		return;
	}
	let_go(l);
	add_octet(l, c);
}

static void
take(struct letter *l, char c)
{
	if (l->cr && c != '\n')
		put(l, '\r');
	l->cr = c == '\r';
	if (!l->cr)
		put(l, c);
}

static void
end(struct letter *l)
{
	if (l->cr)
		put(l, '\r');
	let_go(l);
	if (!l->line_start)
		add_octet(l, '\n');
	if (l->form == LETTER_MBOX)
		add_octet(l, '\n');
	l->ended = true;
}

static bool
fill(struct letter *l)
{
	char piece[STEP];
	ssize_t n;

	str_reset(&l->out);
	l->taken = 0;
	do
		n = pread(l->content, piece, sizeof(piece), l->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	l->at += n;
	for (ssize_t i = 0; i < n; i++)
		take(l, piece[i]);
	if (n == 0)
		end(l);
	return true;
}

ssize_t
letter_read(struct letter *l, char *p, size_t n)
{
	while (l->taken == l->out.n) {
		if (l->ended)
			return 0;
		if (!fill(l))
			return -1;
	}
	if (n > l->out.n - l->taken)
		n = l->out.n - l->taken;
	memcpy(p, l->out.p + l->taken, n);
	l->taken += n;
	return (ssize_t)n;
}

bool
letter_write(struct letter *l, int fd)
{
	struct str out = { 0 };
	char piece[STEP];
	ssize_t n;
	bool fine = true;

	do {
		n = letter_read(l, piece, sizeof(piece));
		if (n > 0)
			str_addn(&out, piece, (size_t)n);
		if (n <= 0 || out.n >= AT_ONCE) {
			fine = file_write_all(fd, str_view(&out));
			str_reset(&out);
		}
	} while (fine && n > 0);
	str_free(&out);
	return fine && n == 0;
}

void
letter_close(struct letter *l)
{
	str_free(&l->out);
}

/* ---- loops ---- */

bool
letter_is_loop(int content, const struct order *o)
{
	return loop_find(content, o->skip, o->address, NULL);
}
