/* SPDX-License-Identifier: ISC */
/*
 * search_text - keys that look into the message
 *
 * What is compared is what a reader sees: fields with their encoded words
 * decoded, bodies decoded and converted to UTF-8, both without case. Bodies are
 * those of text parts and the headers of enclosed messages; other data is no
 * text. A body is worked on in pieces that end with a line and overlap by the
 * length of the needle, so that memory stays small and other sessions get their
 * turn.
 */
#include "imapd/search.h"
#include "lib/mail/charset.h"
#include "lib/mail/date.h"
#include "lib/mail/encode.h"
#include "lib/mail/header.h"
#include "lib/mail/word.h"

#define PIECE	    (128u * 1024)
#define LINELESS (1024u * 1024)	/* cut here where no line ends */

/* The header, or an error that is remembered: then nothing matches. */
static bool
get_header(struct search *s, struct view *header)
{
	if (content_header(s->content, header))
		return true;
	s->unreadable = true;
	return false;
}

/* Does the text contain the needle, once it is folded? */
static bool
contains(struct view utf8, struct view needle, struct str *folded)
{
	str_reset(folded);
	charset_fold(folded, utf8);
	return view_search(str_view(folded), needle) < folded->n ||
	    needle.n == 0;
}

/* ---- fields ---- */

enum verdict_of_key
key_sent(struct search *s, const struct key *k)
{
	struct view header, value;
	struct date date;
	int64_t day;

	if (s->content == NULL)
		return KEY_NEEDS_CONTENT;
	if (!get_header(s, &header) || !header_find(header, "Date", &value) ||
	    !date_parse(value, &date))
		return KEY_NO;
	day = date_day(date);
	return (k->compare < 0 ? day < k->number :
		k->compare > 0 ? day >= k->number :
				 day == k->number) ?
	    KEY_YES :
	    KEY_NO;
}

/* Fields of this name; of any name when it is empty, which looks at the names
 * as well. */
static bool
in_fields(struct view header, struct view name, struct view needle)
{
	struct str decoded = { 0 }, folded = { 0 };
	struct header h;
	bool found = false;

	while (!found && header_next(&header, &h)) {
		if (name.n > 0 && !view_eqi(h.name, name))
			continue;
		str_reset(&decoded);
		if (name.n == 0) {
			str_add(&decoded, h.name);
			str_adds(&decoded, ": ");
		}
		word_decode(&decoded, h.value);
		found = contains(str_view(&decoded), needle, &folded);
	}
	str_free(&decoded);
	str_free(&folded);
	return found;
}

enum verdict_of_key
key_header(struct search *s, const struct key *k)
{
	struct view header;

	if (s->content == NULL)
		return KEY_NEEDS_CONTENT;
	if (!get_header(s, &header))
		return KEY_NO;
	return in_fields(header, k->name, k->text) ? KEY_YES : KEY_NO;
}

/* ---- bodies ---- */

struct body {
	struct view needle, charset;
	struct str text;	/* decoded, not yet looked at */
	struct str utf8;
	struct str folded;	/* the end of the last piece, and this one */
};

static bool
look(struct body *b, size_t n)
{
	size_t keep = b->needle.n - 1;
	size_t from;

	str_reset(&b->utf8);
	charset_convert(&b->utf8, b->charset, (struct view){ b->text.p, n });
	str_drop(&b->text, n);
	charset_fold(&b->folded, str_view(&b->utf8));
	from = b->folded.n > keep ? b->folded.n - keep : 0;
	if (view_search(str_view(&b->folded), b->needle) < b->folded.n)
		return true;
	str_drop(&b->folded, from);
	return false;
}

/* Up to the last line end; the rest waits for more. */
static bool
look_at_lines(struct body *b)
{
	size_t at = view_rfind(str_view(&b->text), '\n');

	if (at < b->text.n)
		return look(b, at + 1);
	return b->text.n > LINELESS && look(b, b->text.n);
}

static bool
in_octets(struct body *b, struct view octets, enum encoding encoding)
{
	struct decode d;
	bool found = false;

	decode_begin(&d, encoding);
	while (octets.n > 0 && !found) {
		size_t n = octets.n < PIECE ? octets.n : PIECE;

		decode_feed(&d, (struct view){ octets.p, n }, &b->text);
		octets = view_skip(octets, n);
		found = look_at_lines(b);
		if (octets.n > 0)
			give_way();
	}
	decode_end(&d, &b->text);
	return found || (b->text.n > 0 && look(b, b->text.n));
}

static bool
in_part(const struct mime_part *part, struct view all, struct view needle)
{
	struct view octets = { all.p + part->body_at, part->body_n };
	struct body b = { .needle = needle };
	bool found;

	if (part->kind == MIME_MESSAGE && part->child != NULL)
		return in_fields((struct view){ all.p + part->child->header_at,
				     part->child->header_n },
		    VIEW_NONE, needle);
	if (part->kind != MIME_LEAF || !view_isi(part->type, "text"))
		return false;
	b.charset = mime_param(part->params, "charset");
	if (b.charset.p == NULL)
		b.charset = VIEW_NONE;
	found = in_octets(&b, octets,
	    encoding_of(part->encoding.p ? part->encoding : VIEW_NONE));
	str_free(&b.text);
	str_free(&b.utf8);
	str_free(&b.folded);
	return found;
}

static bool
in_bodies(struct search *s, struct view needle)
{
	const struct mime_part *part = content_root(s->content);

	if (part == NULL) {
		s->unreadable = true;
		return false;
	}
	for (; part != NULL; part = mime_next(part))
		if (in_part(part, s->content->all, needle))
			return true;
	return false;
}

enum verdict_of_key
key_body(struct search *s, const struct key *k)
{
	if (k->text.n == 0)
		return KEY_YES;
	if (s->content == NULL)
		return KEY_NEEDS_CONTENT;
	return in_bodies(s, k->text) ? KEY_YES : KEY_NO;
}

enum verdict_of_key
key_text(struct search *s, const struct key *k)
{
	struct view header;

	if (k->text.n == 0)
		return KEY_YES;
	if (s->content == NULL)
		return KEY_NEEDS_CONTENT;
	if (!get_header(s, &header))
		return KEY_NO;
	return in_fields(header, VIEW_NONE, k->text) || in_bodies(s, k->text) ?
	    KEY_YES :
	    KEY_NO;
}
