/* SPDX-License-Identifier: ISC */
/*
 * mime - dividing a message at its boundaries
 *
 * The lines of the message are walked once. A list of the open multiparts tells
 * which boundaries count; a line that matches one closes every part inside it.
 * A boundary may be a prefix of an outer one: the longest match wins. Header
 * fields are looked at a second time, when a header is complete.
 *
 * A header ends at its empty line, or at a boundary, or at the end of the text.
 */
#include "lib/mail/header.h"
#include "lib/mail/mime_field.h"


struct open_part {
	struct mime_part *part;
	struct view boundary;
	uint64_t head, mask;	/* its first octets, to tell it fast */
};

struct divider {
	struct view message;
	struct arena *arena;
	size_t at;		/* the beginning of the next line */
	size_t lines;		/* line ends before it */
	size_t parts;
	struct mime_part *current;
	size_t depth;		/* ancestors of current */
	struct open_part open[MIME_DEPTH_MAX];
	size_t opened;
};

/* A line that begins with "--" and an open boundary. */
struct border {
	size_t open;		/* index of the multipart */
	bool last;		/* "--boundary--" */
};

/* Up to eight octets as a number, in whatever order; zeros fill it. */
static uint64_t
head_of(struct view v)
{
	uint64_t head = 0;

	memcpy(&head, v.p, v.n < sizeof(head) ? v.n : sizeof(head));
	return head;
}

static void
open_multipart(struct divider *d, struct mime_part *part, struct view boundary)
{
	static const struct view ones = VIEW_LIT("\xff\xff\xff\xff"
	    "\xff\xff\xff\xff");
	size_t n = boundary.n < ones.n ? boundary.n : ones.n;

	d->open[d->opened++] = (struct open_part){ part, boundary,
		head_of(boundary), head_of((struct view){ ones.p, n }) };
}

static bool
find_border(const struct divider *d, struct view line, struct border *b)
{
	size_t best = 0;
	bool found = false;
	uint64_t head;

	if (line.n < 2 || line.p[0] != '-' || line.p[1] != '-')
		return false;
	line = view_skip(line, 2);
	head = head_of(line);
	for (size_t i = d->opened; i-- > 0;) {
		const struct open_part *o = &d->open[i];

		if (((head ^ o->head) & o->mask) != 0)
			continue;
		if ((!found || o->boundary.n > best) &&
		    view_starts(line, o->boundary)) {
			found = true;
			best = o->boundary.n;
			b->open = i;
		}
	}
	if (found)
		b->last = view_starts(view_skip(line, best), VIEW_LIT("--"));
	return found;
}

/* The next line with its end. */
static struct view
peek_line(const struct divider *d)
{
	struct view rest = view_skip(d->message, d->at);
	size_t lf = view_find(rest, '\n');

	return (struct view){ rest.p, lf < rest.n ? lf + 1 : lf };
}

static void
pass_line(struct divider *d, struct view line)
{
	d->at += line.n;
	d->lines += line.n > 0 && line.p[line.n - 1] == '\n';
}

static void
read_field(struct mime_part *part, const struct header *h, struct arena *a)
{
	static const struct view prefix = { "Content-", 8 };
	struct view name;

	if (!view_startsi(h->name, prefix))
		return;
	name = view_skip(h->name, prefix.n);
	if (view_isi(name, "type") && part->type.p == NULL)
		mime_field_type(h->value, a, part);
	else if (view_isi(name, "disposition") && part->disposition.p == NULL)
		mime_field_disposition(h->value, a, part);
	else if (view_isi(name, "transfer-encoding"))
		part->encoding = mime_field_word(h->value);
	else if (view_isi(name, "id"))
		part->id = header_unfold(h->value, a);
	else if (view_isi(name, "description"))
		part->description = header_unfold(h->value, a);
	else if (view_isi(name, "md5"))
		part->md5 = mime_field_word(h->value);
	else if (view_isi(name, "location"))
		part->location = header_unfold(h->value, a);
	else if (view_isi(name, "language") && part->languages == NULL)
		part->languages = mime_field_languages(h->value, a);
}

static void
set_text(struct mime_part *part, struct arena *a)
{
	part->type = VIEW_LIT("text");
	part->subtype = VIEW_LIT("plain");
	part->params = arena_alloc(a, sizeof(*part->params));
	*part->params = (struct mime_param){ NULL, VIEW_LIT("charset"),
		VIEW_LIT("us-ascii") };
}

/* RFC 2046 5.1.5: a digest has messages where others have text. */
static void
default_type(struct mime_part *part, struct arena *a)
{
	if (part->parent != NULL && part->parent->kind == MIME_MULTIPART &&
	    view_isi(part->parent->subtype, "digest")) {
		part->type = VIEW_LIT("message");
		part->subtype = VIEW_LIT("rfc822");
		return;
	}
	set_text(part, a);
}

/* Only what is not encoded can be divided (RFC 2045 6.4). */
static bool
is_identity(struct view encoding)
{
	return encoding.p == NULL || view_isi(encoding, "7bit") ||
	    view_isi(encoding, "8bit") || view_isi(encoding, "binary");
}

static void
set_kind(struct divider *d, struct mime_part *part)
{
	struct view boundary;

	if (d->depth + 1 >= MIME_DEPTH_MAX || d->parts >= MIME_PARTS_MAX)
		return;
	if (view_isi(part->type, "multipart")) {
		boundary = mime_param(part->params, "boundary");
		part->kind = MIME_MULTIPART;
		if (boundary.n > 0 && boundary.n <= MIME_BOUNDARY_MAX)
			open_multipart(d, part, boundary);
	} else if (view_isi(part->type, "message") &&
	    (view_isi(part->subtype, "rfc822") ||
	    view_isi(part->subtype, "global")) &&
	    is_identity(part->encoding)) {
		part->kind = MIME_MESSAGE;
	}
}

/* Find the end of the header at d->at and read its fields. */
static void
read_header(struct divider *d, struct mime_part *part)
{
	struct view rest;
	struct header h;
	struct border b;
	size_t lines = d->lines;

	part->header_at = d->at;
	for (;;) {
		struct view line = peek_line(d);

		if (line.n == 0 || find_border(d, line, &b))
			break;
		pass_line(d, line);
		if (line.p[0] == '\n' || (line.n == 2 && line.p[0] == '\r' &&
		    line.p[1] == '\n'))
			break;
	}
	part->header_n = d->at - part->header_at;
	part->header_lines = d->lines - lines;
	part->body_at = d->at;
	rest = (struct view){ d->message.p + part->header_at, part->header_n };
	while (header_next(&rest, &h))
		if (h.name.n > 0 && to_lower(h.name.p[0]) == 'c')
			read_field(part, &h, d->arena);
	if (part->type.p == NULL)
		default_type(part, d->arena);
	set_kind(d, part);
}

static struct mime_part *
add_part(struct divider *d, struct mime_part *parent, struct mime_part *before)
{
	struct mime_part *part = arena_zalloc(d->arena, sizeof(*part));

	part->parent = parent;
	if (before != NULL)
		before->next = part;
	else if (parent != NULL)
		parent->child = part;
	d->parts++;
	return part;
}

/* Begin a part at d->at and, while it is a message, the one within. */
static void
begin_part(struct divider *d, struct mime_part *parent,
    struct mime_part *before)
{
	struct mime_part *part = add_part(d, parent, before);

	for (;;) {
		d->depth += part->parent != NULL;
		d->current = part;
		read_header(d, part);
		part->lines = d->lines;	/* until the end is known */
		if (part->kind != MIME_MESSAGE)
			return;
		part = add_part(d, part, NULL);
	}
}

/* A multipart in which no part begins is one part of text, so that what stands
 * there can be read. */
static void
only_text(struct divider *d, struct mime_part *multipart)
{
	struct mime_part *part;

	if (d->parts >= MIME_PARTS_MAX) {
		multipart->kind = MIME_LEAF;
		return;
	}
	part = add_part(d, multipart, NULL);
	set_text(part, d->arena);
	part->header_at = part->body_at = multipart->body_at;
	part->body_n = multipart->body_n;
	part->lines = multipart->lines;
}

/* Close current and go up until stop is current (NULL: close all). The bodies
 * end at end, before which there were that many line ends. */
static struct mime_part *
close_parts(struct divider *d, const struct mime_part *stop, size_t end,
    size_t lines)
{
	struct mime_part *part, *last = NULL;

	for (part = d->current; part != stop; part = part->parent) {
		part->body_n = end > part->body_at ? end - part->body_at : 0;
		part->lines = part->body_n > 0 && lines > part->lines ?
		    lines - part->lines : 0;
		if (part->kind == MIME_MULTIPART && part->child == NULL)
			only_text(d, part);
		d->depth -= part->parent != NULL;
		last = part;
	}
	d->current = part;
	return last;
}

/* The CR LF before a border belongs to it. */
static size_t
before_border(const struct divider *d)
{
	size_t at = d->at;

	at -= at > 0 && d->message.p[at - 1] == '\n';
	at -= at > 0 && at < d->at && d->message.p[at - 1] == '\r';
	return at;
}

static struct mime_part *
last_child(struct mime_part *part)
{
	struct mime_part *child = part->child;

	while (child != NULL && child->next != NULL)
		child = child->next;
	return child;
}

/* A border line: close what lies within its multipart, begin the next part. */
static void
cross_border(struct divider *d, struct view line, struct border b)
{
	struct mime_part *multipart = d->open[b.open].part, *last;

	if (!b.last && d->parts >= MIME_PARTS_MAX) {
		pass_line(d, line);
		return;
	}
	last = close_parts(d, multipart, before_border(d),
	    d->lines > 0 ? d->lines - 1 : 0);
	if (last == NULL)
		last = last_child(multipart);
	d->opened = b.open + !b.last;
	pass_line(d, line);
	if (!b.last)
		begin_part(d, multipart, last);
}

struct mime_part *
mime_parse(struct view message, struct arena *a)
{
	struct divider d = { .message = message, .arena = a };
	struct mime_part *root;
	struct border b;

	begin_part(&d, NULL, NULL);
	for (;;) {
		struct view line = peek_line(&d);

		if (line.n == 0)
			break;
		if (d.opened > 0 && find_border(&d, line, &b))
			cross_border(&d, line, b);
		else
			pass_line(&d, line);
	}
	root = close_parts(&d, NULL, message.n, d.lines);
	return root;
}
