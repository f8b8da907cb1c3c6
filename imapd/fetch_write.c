/* SPDX-License-Identifier: ISC */
/*
 * fetch_write - the FETCH response of one message
 */
#include "imapd/capability.h"
#include "imapd/fetch.h"
#include "imapd/flags.h"
#include "imapd/preview.h"
#include "lib/base/kv_key.h"
#include "lib/mail/date.h"
#include "lib/mail/envelope.h"

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
fetch_modseq(struct fetch *f, const struct fetch_item *i)
{
	(void)i;
	out_printf(f->im, "MODSEQ (%llu)", (unsigned long long)
	    record_modseq(box_record(f->im->box, f->index)));
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
fetch_saved(struct fetch *f, const struct fetch_item *i)
{
	struct record r;

	(void)i;
	get_record(f, &r);
	out_puts(f->im, "SAVEDATE \"");
	date_write_internal(&f->im->out, DATE_UTC(r.saved));
	out_puts(f->im, "\"");
	return true;
}

/* RFC 8474: a copy has the content of its original, and so its id. */
bool
fetch_emailid(struct fetch *f, const struct fetch_item *i)
{
	struct record r;

	(void)i;
	get_record(f, &r);
	out_printf(f->im, "EMAILID (M%016llX)", (unsigned long long)r.content);
	return true;
}

/* Threads are made when a client asks for them, and have no names. */
bool
fetch_threadid(struct fetch *f, const struct fetch_item *i)
{
	(void)i;
	out_puts(f->im, "THREADID NIL");
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

/* What is known comes as two texts: lib/mail/cache.h. */
static bool
two_texts(struct view v, struct view *first, struct view *second)
{
	size_t n = v.n >= 4 ? kv_read_u32(v.p) : SIZE_MAX;

	if (v.n < 4 || n > v.n - 4)
		return false;
	*first = (struct view){ v.p + 4, n };
	*second = view_skip(v, 4 + n);
	return true;
}

static bool
put_known_envelope(struct fetch *f)
{
	struct view plain, ascii;

	if (!two_texts(f->message.known[CACHE_ENVELOPE], &plain, &ascii))
		return false;
	out_puts(f->im, "ENVELOPE ");
	str_add(&f->im->out, imap_has(f->im, SPEAKS_UTF8) || ascii.n == 0 ?
	    plain : ascii);
	return true;
}

bool
fetch_envelope(struct fetch *f, const struct fetch_item *i)
{
	struct view header;

	(void)i;
	if (!content_is_open(&f->message))
		return put_known_envelope(f);
	if (!fetch_header(f, &header))
		return false;
	out_puts(f->im, "ENVELOPE ");
	envelope_write(&f->im->out, header);
	return true;
}

/* What content_begin_known() has, or what the message says. */
static bool
get_preview(struct fetch *f, struct str *line)
{
	struct view v = f->message.known[CACHE_PREVIEW];
	const struct mime_part *root;

	if (!content_is_open(&f->message)) {
		if (v.n > 0)
			str_addn(line, v.p, v.n - 1);
		return v.n > 0;
	}
	root = content_root(&f->message);
	if (root != NULL)
		preview_make(line, f->message.all, root);
	return root != NULL;
}

bool
fetch_preview(struct fetch *f, const struct fetch_item *i)
{
	struct str line = { 0 };
	bool fine = get_preview(f, &line);

	(void)i;
	out_puts(f->im, "PREVIEW ");
	if (imap_has(f->im, SPEAKS_UTF8))
		envelope_utf8(&f->im->out, str_view(&line));
	else
		out_string(f->im, str_view(&line));
	str_free(&line);
	return fine;
}

static bool
put_known_structure(struct fetch *f, bool extended)
{
	struct view body, structure;

	if (!two_texts(f->message.known[CACHE_STRUCTURE], &body, &structure))
		return false;
	str_add(&f->im->out, extended ? structure : body);
	return true;
}

static bool
put_structure(struct fetch *f, const char *label, bool extended)
{
	const struct mime_part *root;

	out_puts(f->im, label);
	if (!content_is_open(&f->message))
		return put_known_structure(f, extended);
	root = content_root(&f->message);
	if (root == NULL)
		return false;
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

bool
fetch_write(struct fetch *f, uint32_t seq, bool flags)
{
	const char *blank = "";

	if (!fetch_can(f))
		return true;
	if (imap_has(f->im, FEATURE_UIDONLY))
		out_printf(f->im, "* %u UIDFETCH (",
		    box_uid(f->im->box, f->index));
	else
		out_printf(f->im, "* %u FETCH (", seq);
	if (f->im->uid && !f->uid && !imap_has(f->im, FEATURE_UIDONLY)) {
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
	if (flags && !f->modseq && imap_has(f->im, FEATURE_CONDSTORE)) {
		out_puts(f->im, " ");
		fetch_modseq(f, NULL);
	}
	out_puts(f->im, ")\r\n");
	return out_push(f->im);
}
