/* SPDX-License-Identifier: ISC */
/*
 * fetch_binary - BINARY and BINARY.SIZE (RFC 3516, RFC 9051 6.4.5)
 *
 * What is asked for is decoded twice: to know its size and whether NUL is in
 * it, and to write it. So a part of any size takes the memory of a piece. A
 * client that fetches a large part from one end to the other goes on where it
 * stopped. A multipart or a message is not encoded: its parts are.
 */
#include "imapd/fetch.h"

/* What an item is about. */
struct source {
	struct view body;
	enum encoding encoding;
	struct mime_range range;	/* of the body in the message */
	bool none;			/* no such part */
};

static bool
find(struct fetch *f, const struct section *s, struct source *out)
{
	const struct mime_part *root = content_root(&f->message), *part;
	struct mime_range r;

	*out = (struct source){ .none = true };
	if (root == NULL)
		return false;
	part = mime_find(root, s->numbers);
	if (part == NULL || !mime_range(root, s->numbers, MIME_WHOLE, &r))
		return true;
	*out = (struct source){ .range = r, .encoding = ENCODING_NONE,
		.body = { f->message.all.p + r.at, r.n } };
	if (s->numbers.n > 0 && part->kind == MIME_LEAF)
		out->encoding = encoding_of(part->encoding);
	return true;
}

bool
fetch_can(struct fetch *f)
{
	struct source source;

	if (!f->binary)
		return true;
	for (const struct fetch_item *i = f->items; i != NULL; i = i->next) {
		if (i->write != fetch_binary && i->write != fetch_binary_size)
			continue;
		if (find(f, &i->section, &source) &&
		    source.encoding == ENCODING_UNKNOWN) {
			f->unknown_cte = true;
			return false;
		}
	}
	return true;
}

/* ---- a range of what is decoded ---- */

struct cut {
	uint64_t from, end;
};

static struct cut
cut_of(const struct section *s)
{
	if (!s->partial)
		return (struct cut){ 0, UINT64_MAX };
	return (struct cut){ s->from, s->from + s->count };
}

/* What of the piece that was given last is in the cut. */
static struct view
within(const struct decoding *d, const struct str *piece, struct cut cut)
{
	uint64_t begin = d->given - piece->n, from, end;

	from = cut.from > begin ? cut.from : begin;
	end = cut.end < d->given ? cut.end : d->given;
	if (from >= end)
		return VIEW_NONE;
	return (struct view){ piece->p + (from - begin), (size_t)(end - from) };
}

/* A state not behind the first octet of the cut. */
static struct decoding
state_before(const struct fetch *f, const struct section *s,
    const struct source *source, struct cut cut)
{
	struct decoding d;

	if (section_is_last(f, s) &&
	    f->im->box->last->decoded.given <= cut.from &&
	    f->im->box->last->decoded.taken > 0)
		return f->im->box->last->decoded;
	decoding_begin(&d, source->encoding);
	return d;
}

struct measure {
	uint64_t size;
	bool nul;
	struct decoding begin, last;	/* states before the first, last piece */
};

static void
measure(const struct source *source, struct cut cut, struct decoding d,
    struct measure *m)
{
	struct str piece = { 0 };

	*m = (struct measure){ .begin = d, .last = d };
	while (d.given < cut.end) {
		struct decoding before = d;
		struct view v;

		if (!decoding_next(&d, source->body, &piece))
			break;
		m->last = before;
		v = within(&d, &piece, cut);
		if (m->size == 0)
			m->begin = before;
		m->size += v.n;
		m->nul |= memchr(v.p, '\0', v.n) != NULL;
	}
	str_free(&piece);
}

static bool
write_cut(struct imap *im, const struct source *source, struct cut cut,
    struct decoding d)
{
	struct str piece = { 0 };
	bool fine = true;

	while (fine && d.given < cut.end &&
	    decoding_next(&d, source->body, &piece)) {
		str_add(&im->out, within(&d, &piece, cut));
		fine = out_push(im);
	}
	str_free(&piece);
	return fine;
}

bool
fetch_binary(struct fetch *f, const struct fetch_item *i)
{
	const struct section *s = &i->section;
	struct cut cut = cut_of(s);
	struct source source;
	struct measure m;

	if (!find(f, s, &source))
		return false;
	section_label(f, i);
	if (source.none) {
		out_puts(f->im, " NIL");
		return true;
	}
	measure(&source, cut, state_before(f, s, &source, cut), &m);
	out_printf(f->im, " %s{%llu}\r\n", m.nul ? "~" : "",
	    (unsigned long long)m.size);
	section_note_last(f, s, source.range);
	if (section_is_last(f, s))
		f->im->box->last->decoded = m.last;
	return write_cut(f->im, &source, cut, m.begin);
}

bool
fetch_binary_size(struct fetch *f, const struct fetch_item *i)
{
	struct source source;
	struct decoding d;
	struct measure m = { 0 };

	if (!find(f, &i->section, &source))
		return false;
	decoding_begin(&d, source.encoding);
	if (!source.none)
		measure(&source, (struct cut){ 0, UINT64_MAX }, d, &m);
	section_label(f, i);
	out_printf(f->im, " %llu", (unsigned long long)m.size);
	return true;
}
