/* SPDX-License-Identifier: ISC */
/*
 * downgrade - first a plan for every part, then the text
 *
 * The plan finds what is not possible before anything is written. A step is
 * made for each part in the order of the text; a part that is copied or encoded
 * as a whole hides what is in it. Text becomes quoted-printable when that is
 * shorter, anything else base64: both give back line ends and NUL exactly.
 *
 * What may not be encoded (RFC 2045 6.4, 2046 5.2, 1847 2): multiparts and
 * messages (but message/global, RFC 6532 3.7), fragments and references of
 * messages, what is signed or encrypted, and an encoding that nobody knows. CMS
 * in one part (application/pkcs7-mime) is a leaf: its octets stay, whatever
 * carries them (RFC 8551 3.1.2). What claims to be encoded but has 8-bit octets
 * or lines that are too long is decoded and encoded again.
 */
#include "lib/mail/downgrade.h"
#include "lib/mail/downgrade_text.h"
#include "lib/mail/encode.h"
#include "lib/mail/header.h"
#include "lib/mail/mime.h"
#include "lib/mail/utf8.h"

#define CHUNK (16u * 1024)
#define LINE_ENCODED 75

struct step {
	struct step *next;
	const struct mime_part *part;
	enum encoding from, to;	/* of the body; both NONE: as it is */
	const char *label;	/* its new name; NULL: none */
	bool whole;		/* what is inside is not looked at */
	unsigned has;		/* the body of a whole one */
};

struct work {
	struct view message;
	enum downgrade_level level;
	unsigned unfit;		/* bits of downgrade_has */
	struct arena *arena;
	const struct downgrade_sink *sink;
	bool stopped;
	size_t at;		/* what is before it is written */
	const struct mime_part *last;
	struct str buffer, decoded;
};

static const unsigned unfit_for[] = {
	[LEVEL_7BIT] = HAS_8BIT | HAS_BINARY | HAS_LONG,
	[LEVEL_8BIT] = HAS_BINARY | HAS_LONG,
	[LEVEL_BINARY] = 0,
};

void
downgrade_look(struct view message, struct downgrade_look *out)
{
	unsigned has = downgrade_has(message);
	struct view header = { message.p, header_size(message) };

	out->level = has & unfit_for[LEVEL_8BIT] ? LEVEL_BINARY :
	    has & HAS_8BIT ? LEVEL_8BIT : LEVEL_7BIT;
	out->utf8_header = !utf8_is_ascii(header);
}

static struct view
body_of(const struct work *w, const struct mime_part *part)
{
	return (struct view){ w->message.p + part->body_at, part->body_n };
}

/* ---- the plan ---- */

static bool
is_type(const struct mime_part *part, const char *type, const char *subtype)
{
	return view_isi(part->type, type) && view_isi(part->subtype, subtype);
}

static bool
is_sealed(const struct mime_part *part)
{
	return is_type(part, "multipart", "signed") ||
	    is_type(part, "multipart", "encrypted");
}

/* Any encoding is allowed, and 8-bit octets in its header cannot go else. */
static bool
is_global(const struct work *w, const struct mime_part *part)
{
	return w->level == LEVEL_7BIT && is_type(part, "message", "global");
}

/* Why a body that does not fit cannot be encoded; NULL: it can. */
static const char *
obstacle(const struct mime_part *part)
{
	if (is_sealed(part))
		return "it is signed or encrypted";
	if (view_isi(part->type, "multipart"))
		return "it is a multipart that cannot be divided";
	if (is_type(part, "message", "rfc822"))
		return "it is a message that cannot be divided";
	if (is_type(part, "message", "partial") ||
	    is_type(part, "message", "external-body"))
		return "its type must be 7-bit";
	if (encoding_of(part->encoding) == ENCODING_UNKNOWN)
		return "its encoding is not known";
	return NULL;
}

/* Quoted-printable if that is shorter, but for a line, and the part is text:
 * people read it without a program. */
static enum encoding
best_encoding(const struct mime_part *part, struct view body)
{
	size_t qp = body.n, base64 = (body.n + 2) / 3 * 4;

	if (!view_isi(part->type, "text") && !view_isi(part->type, "message"))
		return ENCODING_BASE64;
	for (size_t i = 0; i < body.n; i++) {
		unsigned char c = (unsigned char)body.p[i];

		if (c == '\r' && i + 1 < body.n && body.p[i + 1] == '\n')
			i++;
		else if (c == '=' || c > '~' || (c < ' ' && c != '\t'))
			qp += 2;
	}
	qp += qp / LINE_ENCODED * 3;
	base64 += base64 / LINE_ENCODED * 2 + LINE_ENCODED;
	return qp > base64 ? ENCODING_BASE64 : ENCODING_QP;
}

/* What it may call itself when its octets stay; NULL: what it does. */
static const char *
honest_label(const struct work *w, const struct mime_part *part)
{
	if (w->level == LEVEL_7BIT)
		return view_isi(part->encoding, "8bit") ||
		    view_isi(part->encoding, "binary") ? "7bit" : NULL;
	return view_isi(part->encoding, "binary") ? "8bit" : NULL;
}

static void
plan_encoding(const struct work *w, struct step *s)
{
	s->from = encoding_of(s->part->encoding);
	s->to = s->from;
	if (s->from != ENCODING_NONE)
		return;
	s->to = best_encoding(s->part, body_of(w, s->part));
	s->label = s->to == ENCODING_QP ? "quoted-printable" : "base64";
}

/* The text that mime.h finds in a multipart without parts is all of it. */
static bool
has_no_parts(const struct mime_part *part)
{
	return part->kind == MIME_MULTIPART &&
	       part->child->header_at == part->body_at;
}

static bool
has_boundary(const struct mime_part *part)
{
	size_t n = mime_param(part->params, "boundary").n;

	return n > 0 && n <= MIME_BOUNDARY_MAX;
}

static bool
plan_part(const struct work *w, struct step *s, struct why *why)
{
	const struct mime_part *part = s->part;
	const char *no = NULL;

	s->label = honest_label(w, part);
	s->whole = part->kind == MIME_LEAF || is_sealed(part) ||
	    is_global(w, part) || (has_no_parts(part) && !has_boundary(part));
	if (s->whole)
		s->has = downgrade_has(body_of(w, part));
	if (part->kind == MIME_MULTIPART && (w->unfit &
	    downgrade_has(mime_param(part->params, "boundary"))) != 0)
		no = "its boundary is not plain text";
	if ((s->has & w->unfit) != 0 && no == NULL)
		no = obstacle(part);
	if (no != NULL)
		return why_never(why, "6.3", "the next server takes no %s, and"
		    " a part of the message (%.*s/%.*s) cannot be converted:"
		    " %s", w->level == LEVEL_7BIT && (s->has & HAS_8BIT) ?
		    "8-bit text" : "binary data or long lines",
		    VIEW(part->type), VIEW(part->subtype), no);
	if ((s->has & w->unfit) != 0)
		plan_encoding(w, s);
	return true;
}

static const struct mime_part *
next_part(const struct step *s)
{
	const struct mime_part *part = s->part;

	if (!s->whole && !has_no_parts(part))
		return mime_next(part);
	while (part != NULL && part->next == NULL)
		part = part->parent;
	return part != NULL ? part->next : NULL;
}

/* A step for each part. Behind the last part that mime.h counts more could
 * stand, which nobody has seen. */
static bool
plan(const struct work *w, struct step **first, struct why *why)
{
	struct step **tail = first;
	const struct mime_part *part = mime_parse(w->message, w->arena);
	size_t n = 0;

	while (part != NULL) {
		struct step *s = arena_zalloc(w->arena, sizeof(*s));

		if (++n >= MIME_PARTS_MAX)
			return why_never(why, "6.3", "the message has too many"
			    " parts to be converted for the next server");
		s->part = part;
		if (!plan_part(w, s, why))
			return false;
		*tail = s;
		tail = &s->next;
		part = next_part(s);
	}
	return true;
}

/* ---- the text ---- */

static void
put(struct work *w, struct view piece)
{
	if (!w->stopped && piece.n > 0)
		w->stopped = !w->sink->put(w->sink->arg, piece);
}

static void
put_buffer(struct work *w)
{
	put(w, str_view(&w->buffer));
	str_reset(&w->buffer);
}

/* Lines up to an offset, which belong to no part of this multipart. */
static void
put_around(struct work *w, size_t to, const struct mime_part *multipart)
{
	if (to <= w->at)
		return;
	downgrade_around(&w->buffer, view_bytes(w->message.p + w->at,
	    to - w->at), mime_param(multipart->params, "boundary"), w->unfit);
	put_buffer(w);
	w->at = to;
}

/* From the last part to the next one, or to the end (NULL). */
static void
put_between(struct work *w, const struct mime_part *next)
{
	const struct mime_part *stop = next != NULL ? next->parent : NULL;

	for (const struct mime_part *p = w->last; p != stop; p = p->parent)
		put_around(w, p->body_at + p->body_n, p);
	if (next != NULL)
		put_around(w, next->header_at, next->parent);
}

static void
put_header(struct work *w, const struct step *s)
{
	const struct mime_part *part = s->part;
	struct downgrade_header h = {
		.header = { w->message.p + part->header_at, part->header_n },
		.encoding = s->label,
		.message = part->parent == NULL ||
		    part->parent->kind == MIME_MESSAGE,
		.encoded = s->to != ENCODING_NONE,
		.body = s->has,
	};

	downgrade_header(&w->buffer, &h);
	put_buffer(w);
	w->at = part->body_at;
}

static void
feed(struct work *w, struct decode *d, struct encode *e, struct view chunk)
{
	if (d->encoding != ENCODING_NONE) {
		str_reset(&w->decoded);
		decode_feed(d, chunk, &w->decoded);
		chunk = str_view(&w->decoded);
	}
	encode_feed(e, chunk, &w->buffer);
}

/* A text that ends without a line end gets none from quoted-printable. */
static void
put_encoded(struct work *w, const struct step *s)
{
	struct view rest = body_of(w, s->part);
	struct decode d;
	struct encode e;

	decode_begin(&d, s->from);
	encode_begin(&e, s->to, false);
	while (rest.n > 0 && !w->stopped) {
		size_t n = rest.n < CHUNK ? rest.n : CHUNK;

		feed(w, &d, &e, (struct view){ rest.p, n });
		put_buffer(w);
		rest = view_skip(rest, n);
	}
	str_reset(&w->decoded);
	decode_end(&d, &w->decoded);
	encode_feed(&e, str_view(&w->decoded), &w->buffer);
	encode_end(&e, &w->buffer);
	if (s->to == ENCODING_QP && e.column > 0 &&
	    s->part->body_at + s->part->body_n == w->message.n)
		str_adds(&w->buffer, "=\r\n");
	put_buffer(w);
}

static void
put_part(struct work *w, const struct step *s)
{
	put_between(w, s->part);
	put_header(w, s);
	w->last = s->part;
	if (!s->whole)
		return;
	if (s->to != ENCODING_NONE)
		put_encoded(w, s);
	else
		put(w, body_of(w, s->part));
	w->at = s->part->body_at + s->part->body_n;
}

bool
downgrade(struct view message, enum downgrade_level level, struct arena *a,
    const struct downgrade_sink *sink, struct why *w)
{
	struct work work = { .message = message, .level = level,
		.unfit = unfit_for[level], .arena = a, .sink = sink };
	struct step *first = NULL;

	if ((downgrade_has(message) & work.unfit) == 0) {
		put(&work, message);
	} else {
		if (!plan(&work, &first, w))
			return false;
		for (struct step *s = first; s != NULL; s = s->next)
			put_part(&work, s);
		put_between(&work, NULL);
	}
	str_free(&work.buffer);
	str_free(&work.decoded);
	return !work.stopped ||
	    why_later(w, "3.0", "the converted message was not taken");
}
