/* SPDX-License-Identifier: ISC */
/*
 * downgrade_text - lines of a header, and lines around parts
 *
 * 8-bit octets in header fields stay: whether they may be sent is decided by
 * SMTPUTF8 and not by 8BITMIME, and to a server that has neither they go as they
 * came, which is what other servers do and what readers expect. A name that is
 * given as raw UTF-8 is read; a signature over an altered field is broken.
 */
#include "lib/mail/downgrade_text.h"
#include "lib/mail/header.h"
#include "lib/mail/utf8.h"

#define LINE_MOST 998

static unsigned
line_has(struct view line)
{
	return (utf8_is_ascii(line) ? 0 : HAS_8BIT) |
	    (view_find(line, '\0') < line.n || view_find(line, '\r') < line.n ?
	    HAS_BINARY : 0) | (line.n > LINE_MOST ? HAS_LONG : 0);
}

/* The first line without its end. */
static struct view
take_line(struct view *text, unsigned *has, bool *ended)
{
	size_t lf = view_find(*text, '\n');
	struct view line = { text->p, lf };

	*ended = lf < text->n;
	*has = 0;
	if (*ended && lf > 0 && line.p[lf - 1] == '\r')
		line.n--;
	else if (*ended)
		*has = HAS_BINARY;
	*has |= line_has(line);
	*text = view_skip(*text, lf + *ended);
	return line;
}

unsigned
downgrade_has(struct view text)
{
	unsigned all = 0, has;
	bool ended;

	while (text.n > 0) {
		take_line(&text, &has, &ended);
		all |= has;
	}
	return all;
}

/* ---- header ---- */

/* Where to fold a line that is too long: before the last blank that leaves text
 * on both sides; its length if there is none. */
static size_t
fold_at(struct view line)
{
	size_t lead = 0, at;

	while (lead < line.n && (line.p[lead] == ' ' || line.p[lead] == '\t'))
		lead++;
	if (line.n <= LINE_MOST)
		return line.n;
	for (at = LINE_MOST; at > lead; at--)
		if ((line.p[at] == ' ' || line.p[at] == '\t') &&
		    view_trim(view_skip(line, at)).n > 0)
			return at;
	return line.n;
}

/* A line of a field, or of what is none. CR is a blank to who reads values. */
static void
add_line(struct str *out, struct view line, char blank)
{
	do {
		size_t n = fold_at(line);

		for (size_t i = 0; i < n; i++)
			str_addc(out, line.p[i] == '\0' ? '?' :
			    line.p[i] == '\r' ? blank : line.p[i]);
		str_addn(out, "\r\n", 2);
		line = view_skip(line, n);
	} while (line.n > 0);
}

static void
add_field(struct str *out, const struct header *h)
{
	struct view rest = h->whole;

	if ((downgrade_has(rest) & (HAS_BINARY | HAS_LONG)) == 0) {
		str_add(out, rest);
		return;
	}
	while (rest.n > 0) {
		unsigned has;
		bool ended;
		struct view line = take_line(&rest, &has, &ended);

		add_line(out, line, h->name.n > 0 ? ' ' : '?');
	}
}

/* What a message without MIME fields needs when its text is encoded (RFC 2045
 * 4; the name of the charset is RFC 1428's). */
static void
add_missing(struct str *out, const struct downgrade_header *h, bool version,
    bool type)
{
	if (h->encoded && h->message && !version)
		str_adds(out, "MIME-Version: 1.0\r\n");
	if (h->encoded && !type)
		str_addf(out, "Content-Type: text/plain; charset=%s\r\n",
		    h->body & HAS_8BIT ? "unknown-8bit" : "us-ascii");
}

void
downgrade_header(struct str *out, const struct downgrade_header *h)
{
	static const char field[] = "Content-Transfer-Encoding";
	struct view rest = h->header, before = rest;
	struct header f;
	bool version = false, type = false, told = h->encoding == NULL;

	for (; header_next(&rest, &f); before = rest) {
		version |= view_isi(f.name, "MIME-Version");
		type |= view_isi(f.name, "Content-Type");
		if (h->encoding == NULL || !view_isi(f.name, field)) {
			add_field(out, &f);
		} else if (!told) {
			str_addf(out, "%.*s: %s\r\n", VIEW(f.name),
			    h->encoding);
			told = true;
		}
	}
	add_missing(out, h, version, type);
	if (!told)
		str_addf(out, "%s: %s\r\n", field, h->encoding);
	if (before.n > 0)
		str_addn(out, "\r\n", 2);
}

/* ---- around parts ---- */

/* "--boundary" or "--boundary--" at the front, 0 if there is none. */
static size_t
border_size(struct view line, struct view boundary)
{
	struct view rest;

	if (!view_starts(line, VIEW_LIT("--")) ||
	    !view_starts(view_skip(line, 2), boundary))
		return 0;
	rest = view_skip(line, 2 + boundary.n);
	return 2 + boundary.n + (view_starts(rest, VIEW_LIT("--")) ? 2 : 0);
}

/* Replaced octets must not make a boundary: the line begins with another. */
static void
add_text(struct str *out, struct view line, unsigned unfit)
{
	for (size_t i = 0, column = 0; i < line.n; i++, column++) {
		char c = line.p[i];
		bool bad = c == '\0' || c == '\r' ||
		    ((unsigned char)c > 127 && (unfit & HAS_8BIT)) ||
		    (i == 0 && c == '-');

		if (column == LINE_MOST) {
			str_adds(out, "\r\n ");
			column = 1;
		}
		str_addc(out, bad ? '?' : c);
	}
}

void
downgrade_around(struct str *out, struct view lines, struct view boundary,
    unsigned unfit)
{
	while (lines.n > 0) {
		unsigned has;
		bool ended;
		struct view line = take_line(&lines, &has, &ended);
		size_t border = border_size(line, boundary);

		if ((line_has(line) & unfit) == 0)
			str_add(out, line);
		else if (border > 0)
			str_addn(out, line.p, border);
		else
			add_text(out, line, unfit);
		if (ended)
			str_addn(out, "\r\n", 2);
	}
}
