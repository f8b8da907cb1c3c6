/* SPDX-License-Identifier: ISC */
/*
 * fetch_write - the FETCH response of one message
 */
#include "imapd/fetch.h"
#include "imapd/flags.h"
#include "lib/mail/date.h"
#include "lib/mail/envelope.h"
#include "lib/mail/header.h"

static void
get_record(const struct fetch *f, struct record *r)
{
	record_get(box_record(f->im->box, f->index), r);
}

bool
fetch_flags(struct fetch *f, const struct fetch_item *i)
{
	(void)i;
	flags_write(f->im->box, box_record(f->im->box, f->index), &f->im->out);
	return true;
}

bool
fetch_uid(struct fetch *f, const struct fetch_item *i)
{
	(void)i;
	out_printf(f->im, "UID %u", box_uid(f->im->box, f->index));
	return true;
}

bool
fetch_date(struct fetch *f, const struct fetch_item *i)
{
	struct record r;

	(void)i;
	get_record(f, &r);
	out_puts(f->im, "INTERNALDATE \"");
	date_write_internal(&f->im->out, DATE_UTC(r.date));
	out_puts(f->im, "\"");
	return true;
}

bool
fetch_size(struct fetch *f, const struct fetch_item *i)
{
	struct record r;

	(void)i;
	get_record(f, &r);
	out_printf(f->im, "RFC822.SIZE %llu", (unsigned long long)r.size);
	return true;
}

bool
fetch_envelope(struct fetch *f, const struct fetch_item *i)
{
	struct view header;

	(void)i;
	if (!content_header(&f->message, &header))
		return false;
	out_puts(f->im, "ENVELOPE ");
	envelope_write(&f->im->out, header);
	return true;
}

static bool
put_structure(struct fetch *f, const char *label, bool extended)
{
	const struct mime_part *root = content_root(&f->message);

	if (root == NULL)
		return false;
	out_puts(f->im, label);
	envelope_body(&f->im->out, f->message.all, root, extended);
	return true;
}

bool
fetch_body(struct fetch *f, const struct fetch_item *i)
{
	(void)i;
	return put_structure(f, "BODY ", false);
}

bool
fetch_structure(struct fetch *f, const struct fetch_item *i)
{
	(void)i;
	return put_structure(f, "BODYSTRUCTURE ", true);
}

/* ---- sections ---- */

static bool
is_last(const struct fetch *f, const struct section *s)
{
	const struct last_section *l = f->im->box->last;

	return l != NULL && l->uid == box_uid(f->im->box, f->index) &&
	    l->want == s->want && view_is(s->numbers, l->numbers);
}

/* Only for partial fetches of a leaf or the like: those come again. */
static void
note_last(struct fetch *f, const struct section *s, struct mime_range r)
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

/* In a part of the message: its structure must be known. */
static bool
find_in_parts(struct fetch *f, const struct section *s, struct mime_range *r)
{
	const struct mime_part *root;

	if (s->field == NULL && is_last(f, s)) {
		*r = f->im->box->last->range;
		return true;
	}
	root = content_root(&f->message);
	if (root == NULL)
		return false;
	if (!mime_range(root, s->numbers, s->want, r))
		r->n = SIZE_MAX;
	else
		note_last(f, s, *r);
	return true;
}

/* Where the section is. False when it cannot be read; r->n is SIZE_MAX when the
 * message has no such section. */
static bool
find_section(struct fetch *f, const struct section *s, struct mime_range *r)
{
	struct content *c = &f->message;
	struct view header;

	if (s->numbers.n == 0 && s->want == MIME_WHOLE) {
		*r = (struct mime_range){ 0, (size_t)c->size };
		return true;
	}
	if (s->numbers.n > 0)
		return find_in_parts(f, s, r);
	if (!content_header(c, &header))
		return false;
	*r = s->want == MIME_HEADER ?
	    (struct mime_range){ 0, header.n } :
	    (struct mime_range){ header.n, (size_t)c->size - header.n };
	return true;
}

static struct mime_range
clip(const struct section *s, struct mime_range r)
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

static void
put_label(struct fetch *f, const struct fetch_item *i)
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

/* The chosen fields with the empty line behind them. */
static void
choose_fields(const struct section *s, struct view header, struct str *out)
{
	struct view rest = header;
	struct header h;

	while (header_next(&rest, &h))
		if (h.name.n > 0 && is_listed(s, h.name) != s->others)
			str_add(out, h.whole);
	str_adds(out, "\r\n");
}

static bool
put_fields(struct fetch *f, const struct fetch_item *i, struct mime_range r)
{
	struct view v = f->message.all.p ? f->message.all :
					   str_view(&f->message.buffer);
	struct str chosen = { 0 };

	choose_fields(&i->section, (struct view){ v.p + r.at, r.n }, &chosen);
	r = clip(&i->section, (struct mime_range){ 0, chosen.n });
	put_label(f, i);
	out_printf(f->im, " {%zu}\r\n", r.n);
	str_addn(&f->im->out, str_c(&chosen) + r.at, r.n);
	str_free(&chosen);
	return true;
}

bool
fetch_section(struct fetch *f, const struct fetch_item *i)
{
	struct mime_range r = { 0 };

	if (!find_section(f, &i->section, &r))
		return false;
	if (r.n == SIZE_MAX) {
		put_label(f, i);
		out_puts(f->im, " NIL");
		return true;
	}
	if (i->section.field != NULL)
		return put_fields(f, i, r);
	r = clip(&i->section, r);
	put_label(f, i);
	out_printf(f->im, " {%zu}\r\n", r.n);
	return content_write(f->im, &f->message, r);
}

bool
fetch_write(struct fetch *f, uint32_t seq, bool flags)
{
	const char *blank = "";

	out_printf(f->im, "* %u FETCH (", seq);
	if (f->im->uid && !f->uid) {
		fetch_uid(f, NULL);
		blank = " ";
	}
	for (const struct fetch_item *i = f->items; i != NULL; i = i->next) {
		out_puts(f->im, blank);
		if (!i->write(f, i))
			return false;
		blank = " ";
	}
	if (flags && !f->flags) {
		out_puts(f->im, " ");
		fetch_flags(f, NULL);
	}
	out_puts(f->im, ")\r\n");
	return out_push(f->im);
}
