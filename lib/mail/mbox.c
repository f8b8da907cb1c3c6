/* SPDX-License-Identifier: ISC */
/*
 * mbox - where messages begin, and what is taken out of them
 */
#include <stdio.h>

#include "lib/mail/date.h"
#include "lib/mail/header.h"
#include "lib/mail/mbox.h"

#define FROM VIEW_LIT("From ")

/* ---- beginnings ---- */

static bool
is_month(struct view word)
{
	for (size_t i = 0; i < nitems(date_months); i++)
		if (view_isi(word, date_months[i]))
			return true;
	return false;
}

/* "Nov 23 17:12:20 2026", with a zone before or behind the year. */
static bool
read_date(struct view month, struct view rest, int64_t *date)
{
	struct view day = view_word(&rest), time = view_word(&rest);
	struct view year = view_word(&rest), zone = view_word(&rest), swap;
	struct str text = { 0 };
	struct date d;
	bool ok;

	if (year.n > 0 && !is_digit(year.p[0])) {
		swap = year;
		year = zone;
		zone = swap;
	}
	if (zone.n == 0)
		zone = VIEW_LIT("+0000");
	str_addf(&text, "%.*s %.*s %.*s %.*s %.*s", VIEW(day), VIEW(month),
	    VIEW(year), VIEW(time), VIEW(zone));
	ok = view_find(time, ':') < time.n &&
	    date_parse(str_view(&text), &d);
	str_free(&text);
	if (ok)
		*date = d.seconds;
	return ok;
}

/* The sender may have blanks: the month is looked for. */
static bool
read_from(struct view line, int64_t *date)
{
	struct view word;

	if (line.n > 1000 || !view_starts(line, FROM))
		return false;
	line = view_skip(line, 5);
	while ((word = view_word(&line)).n > 0)
		if (is_month(word) && read_date(word, line, date))
			return true;
	return false;
}

/* The line at, without its end; *next is where the next begins. */
static struct view
line_at(struct view text, size_t at, size_t *next)
{
	struct view rest = view_skip(text, at);
	size_t n = view_find(rest, '\n');

	*next = at + (n < rest.n ? n + 1 : n);
	if (n > 0 && n <= rest.n && rest.p[n - 1] == '\r')
		n--;
	return view_bytes(rest.p, n);
}

bool
mbox_next(struct view *rest, struct mbox_message *m)
{
	size_t begin, at, next, blank;
	int64_t date;
	bool was_empty = false;

	if (rest->n == 0 || !read_from(line_at(*rest, 0, &begin), &m->date))
		return false;
	blank = begin;
	for (at = begin; at < rest->n; at = next) {
		struct view line = line_at(*rest, at, &next);

		if (was_empty && read_from(line, &date))
			break;
		was_empty = line.n == 0;
		if (was_empty)
			blank = at;
	}
	/* the empty line before the next beginning, or the last, is not its */
	m->raw = view_bytes(rest->p + begin, (was_empty ? blank : at) - begin);
	*rest = view_skip(*rest, at);
	return true;
}

/* ---- state ---- */

static void
add_letter(struct mbox_state *s, char letter)
{
	size_t n = strlen(s->letters);

	if (n + 1 < sizeof(s->letters) && strchr(s->letters, letter) == NULL)
		s->letters[n] = letter;
}

static void
read_letters(struct view value, const char *from, const char *to,
    struct mbox_state *s)
{
	for (size_t i = 0; i < value.n; i++) {
		const char *p = value.p[i] != '\0' ?
		    strchr(from, value.p[i]) : NULL;

		if (p != NULL)
			add_letter(s, to[p - from]);
	}
}

static void
read_status(struct view value, struct mbox_state *s)
{
	read_letters(value, "R", "S", s);
}

static void
read_x_status(struct view value, struct mbox_state *s)
{
	read_letters(value, "AFDT", "RFTD", s);
}

static void
read_number(struct view word, uint32_t *out)
{
	uint64_t n;

	if (view_u64(word, UINT32_MAX, &n))
		*out = (uint32_t)n;
}

static void
read_uid(struct view value, struct mbox_state *s)
{
	read_number(view_word(&value), &s->uid);
}

static void
read_base(struct view value, struct mbox_state *s)
{
	read_number(view_word(&value), &s->uidvalidity);
	read_number(view_word(&value), &s->uidlast);
}

static void
read_internal(struct view value, struct mbox_state *s)
{
	read_base(value, s);
	s->internal = true;
}

static void
read_keywords(struct view value, struct mbox_state *s)
{
	s->keywords = value;
}

static void
read_nothing(struct view value UNUSED, struct mbox_state *s UNUSED)
{
}

static const struct {
	const char *name;
	void (*read)(struct view value, struct mbox_state *s);
} fields[] = {
	{ "Status", read_status },
	{ "X-Status", read_x_status },
	{ "X-Keywords", read_keywords },
	{ "X-UID", read_uid },
	{ "X-IMAPbase", read_base },
	{ "X-IMAP", read_internal },
	{ "Content-Length", read_nothing },	/* wrong when read by others */
};

static bool
take_field(const struct header *h, struct mbox_state *s)
{
	for (size_t i = 0; i < nitems(fields); i++)
		if (view_isi(h->name, fields[i].name)) {
			fields[i].read(h->value, s);
			return true;
		}
	return false;
}

/* How many '>' stand before "From "; -1: something else. */
static int
quotes_of(struct view line)
{
	size_t n = 0;

	while (n < line.n && n < 1000 && line.p[n] == '>')
		n++;
	return view_starts(view_skip(line, n), FROM) ? (int)n : -1;
}

/* One '>' less before every quoted "From ", or one more. */
static void
put_body(struct view body, bool more, struct str *out)
{
	size_t at = 0, next, from = 0;

	for (; at < body.n; at = next) {
		int quotes = quotes_of(line_at(body, at, &next));

		if (quotes < (more ? 0 : 1))
			continue;
		str_addn(out, body.p + from, at - from);
		if (more)
			str_addc(out, '>');
		from = at + !more;
	}
	str_addn(out, body.p + from, body.n - from);
}

/* Fields but those of state; what is left begins with the empty line. */
static struct view
put_header(struct view raw, struct str *out, struct mbox_state *s)
{
	struct view rest = raw;
	const char *end = raw.p;
	struct header h;

	while (header_next(&rest, &h)) {
		if (!take_field(&h, s))
			str_add(out, h.whole);
		end = h.whole.p + h.whole.n;
	}
	return view_bytes(end, (size_t)(raw.p + raw.n - end));
}

void
mbox_read(struct view raw, struct str *out, struct mbox_state *s)
{
	*s = (struct mbox_state){ .keywords = VIEW_NONE };
	put_body(put_header(raw, out, s), false, out);
}

void
mbox_write(struct view message, struct str *out)
{
	struct mbox_state its = { .keywords = VIEW_NONE };

	put_body(put_header(message, out, &its), true, out);
	if (out->n > 0 && out->p[out->n - 1] != '\n')
		str_addc(out, '\n');
	str_addc(out, '\n');
}
