/* SPDX-License-Identifier: ISC */
/*
 * fetch_section - BODY[...] and the RFC822 items that mean the same
 *
 * No literal of theirs has NUL in it (RFC 3501 9): mail that was delivered with
 * such octets shows 0x80 in their place, so that sizes stay; BINARY has them as
 * they are. A header in UTF-8 is shown as its surrogate (RFC 6858) to who has
 * not said that he takes UTF-8; what stands behind it is the same octets.
 */
#include "imapd/capability.h"
#include "imapd/fetch.h"
#include "lib/mail/header.h"
#include "lib/mail/surrogate.h"

bool
section_is_last(const struct fetch *f, const struct section *s)
{
	const struct last_section *l = f->im->box->last;

	return l != NULL && l->uid == box_uid(f->im->box, f->index) &&
	    l->want == s->want && view_is(s->numbers, l->numbers);
}

/* Only for partial fetches of a leaf or the like: those come again. */
void
section_note_last(struct fetch *f, const struct section *s,
    struct mime_range r)
{
	struct box *b = f->im->box;

	if (!s->partial || s->numbers.n >= sizeof(b->last->numbers))
		return;
	if (b->last == NULL)
		b->last = xmalloc(sizeof(*b->last));
	*b->last = (struct last_section){ .uid = box_uid(b, f->index),
		.want = s->want, .range = r };
	memcpy(b->last->numbers, s->numbers.p, s->numbers.n);
}

struct mime_range
section_clip(const struct section *s, struct mime_range r)
{
	if (!s->partial)
		return r;
	if (s->from >= r.n)
		return (struct mime_range){ r.at, 0 };
	r.at += (size_t)s->from;
	r.n -= (size_t)s->from;
	if (s->count < r.n)
		r.n = (size_t)s->count;
	return r;
}

void
section_label(struct fetch *f, const struct fetch_item *i)
{
	out_puts(f->im, i->label);
	if (i->section.partial)
		out_printf(f->im, "<%llu>",
		    (unsigned long long)i->section.from);
}

static bool
is_listed(const struct section *s, struct view name)
{
	for (size_t i = 0; i < s->fields; i++)
		if (view_eqi(s->field[i], name))
			return true;
	return false;
}

void
section_fields(const struct section *s, struct view header, struct str *out)
{
	struct view rest = header;
	struct header h;

	while (header_next(&rest, &h))
		if (h.name.n > 0 && is_listed(s, h.name) != s->others)
			str_add(out, h.whole);
	str_adds(out, "\r\n");
}

/* A section is a header as the client may see it, and octets of the file. */
struct shown {
	struct view head;
	struct mime_range rest;
	bool none;
};

static bool
put_shown(struct fetch *f, const struct fetch_item *i, const struct shown *s)
{
	struct mime_range r = section_clip(&i->section,
	    (struct mime_range){ 0, s->head.n + s->rest.n });
	size_t skip = r.at < s->head.n ? r.at : s->head.n;
	struct view head = view_skip(s->head, skip);

	section_label(f, i);
	if (s->none) {
		out_puts(f->im, " NIL");
		return true;
	}
	out_printf(f->im, " {%zu}\r\n", r.n);
	head.n = r.n < head.n ? r.n : head.n;
	content_show(&f->im->out, head);
	return content_write(f->im, &f->message, (struct mime_range){
	    s->rest.at + (r.at - skip), r.n - head.n });
}

static bool
put_fields(struct fetch *f, const struct fetch_item *i, struct view header)
{
	struct str chosen = { 0 };
	struct shown s = { 0 };
	bool fine;

	section_fields(&i->section, header, &chosen);
	s.head = str_view(&chosen);
	fine = put_shown(f, i, &s);
	str_free(&chosen);
	return fine;
}

/* ---- of the message ---- */

bool
fetch_header(struct fetch *f, struct view *header)
{
	if (!content_header(&f->message, header))
		return false;
	if (imap_has(f->im, SPEAKS_UTF8) || !surrogate_needed(*header))
		return true;
	str_reset(&f->surrogate);
	surrogate_header(&f->surrogate, *header);
	*header = str_view(&f->surrogate);
	return true;
}

/* All of it, its header or its text. */
static bool
show_message(struct fetch *f, const struct section *s, struct shown *out)
{
	size_t size = (size_t)f->message.size, n;
	struct view header;

	out->rest = (struct mime_range){ 0, size };
	if (s->want == MIME_WHOLE && imap_has(f->im, SPEAKS_UTF8))
		return true;
	if (!content_header(&f->message, &header))
		return false;
	n = header.n;
	out->rest = (struct mime_range){ n, size - n };
	if (s->want == MIME_TEXT)
		return true;
	if (!fetch_header(f, &out->head))
		return false;
	if (s->want == MIME_HEADER)
		out->rest.n = 0;
	else if (out->head.p != f->surrogate.p)	/* it is as it is */
		*out = (struct shown){ .rest = { 0, size } };
	return true;
}

/* ---- of a part ---- */

/* A header in a part, that the client may not see as it is. */
static bool
is_hidden(const struct fetch *f, const struct section *s)
{
	return !imap_has(f->im, SPEAKS_UTF8) &&
	    (s->want == MIME_HEADER || s->want == MIME_MIME);
}

/* Its structure must be known. */
static bool
show_part(struct fetch *f, const struct section *s, struct shown *out)
{
	bool hidden = is_hidden(f, s);
	const struct mime_part *root;
	struct view header;

	if (s->field == NULL && !hidden && section_is_last(f, s)) {
		out->rest = f->im->box->last->range;
		return true;
	}
	root = content_root(&f->message);
	if (root == NULL)
		return false;
	out->none = !mime_range(root, s->numbers, s->want, &out->rest);
	if (out->none)
		return true;
	section_note_last(f, s, out->rest);
	header = (struct view){ f->message.all.p + out->rest.at, out->rest.n };
	if (!hidden || !surrogate_needed(header))
		return true;
	str_reset(&f->surrogate);
	surrogate_header(&f->surrogate, header);
	*out = (struct shown){ .head = str_view(&f->surrogate) };
	return true;
}

/* Header fields of an enclosed message. */
static bool
put_fields_of_part(struct fetch *f, const struct fetch_item *i,
    const struct shown *s)
{
	if (s->none)
		return put_shown(f, i, s);
	return put_fields(f, i, s->head.n > 0 ? s->head : (struct view){
	    f->message.all.p + s->rest.at, s->rest.n });
}

bool
fetch_section(struct fetch *f, const struct fetch_item *i)
{
	const struct section *s = &i->section;
	struct shown shown = { 0 };
	struct view header;

	if (s->numbers.n > 0 && !show_part(f, s, &shown))
		return false;
	if (s->numbers.n > 0)
		return s->field != NULL ? put_fields_of_part(f, i, &shown) :
					  put_shown(f, i, &shown);
	if (s->field != NULL)
		return fetch_header(f, &header) && put_fields(f, i, header);
	return show_message(f, s, &shown) && put_shown(f, i, &shown);
}
