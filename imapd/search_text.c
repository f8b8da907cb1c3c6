/* SPDX-License-Identifier: ISC */
/*
 * search_text - keys that look into the message
 *
 * What is compared is what a reader sees (imapd/text.h). Without the file at hand a
 * key may still say no: fields may stand in a summary, and a needle cannot be in
 * a text that lacks one of its triples (lib/mail/grams.h).
 */
#include "imapd/search.h"
#include "imapd/text.h"
#include "lib/mail/date.h"
#include "lib/mail/grams.h"
#include "lib/mail/header.h"

/* The message is open, or what is known of it is enough for these fields. */
static bool
has_fields(const struct search *s, const struct key *k)
{
	return s->content != NULL && (content_is_open(s->content) ||
	    (k->in_summary && s->content->known[CACHE_HEADER].p != NULL));
}

/* Without the message: certainly not there, or open it. */
static enum verdict_of_key
without(const struct search *s, const struct key *k)
{
	struct view grams = s->content != NULL ?
	    s->content->known[CACHE_GRAMS] : VIEW_NONE;

	return grams_may_have(grams, k->grams) ? KEY_NEEDS_CONTENT : KEY_NO;
}

/* The header, or an error that is remembered: then nothing matches. */
static bool
get_header(struct search *s, struct view *header)
{
	if (content_header(s->content, header))
		return true;
	s->unreadable = true;
	return false;
}

static bool
has_none(void *needle, struct view folded)
{
	const struct view *v = needle;

	return v->n > 0 && view_search(folded, *v) == folded.n;
}

static struct text_reader
reader_for(const struct key *k)
{
	return (struct text_reader){ .f = has_none,
		.arg = (void *)(uintptr_t)&k->text,
		.overlap = k->text.n > 0 ? k->text.n - 1 : 0 };
}

static enum verdict_of_key
verdict_of(struct text_reader *r)
{
	text_end(r);
	return r->enough ? KEY_YES : KEY_NO;
}

enum verdict_of_key
key_sent(struct search *s, const struct key *k)
{
	struct view header, value;
	struct date date;
	int64_t day;

	if (!has_fields(s, k))
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

enum verdict_of_key
key_header(struct search *s, const struct key *k)
{
	struct text_reader r = reader_for(k);
	struct view header;

	if (!has_fields(s, k))
		return without(s, k);
	if (!get_header(s, &header))
		return KEY_NO;
	text_of_fields(&r, header, k->name);
	return verdict_of(&r);
}

enum verdict_of_key
key_body(struct search *s, const struct key *k)
{
	struct text_reader r = reader_for(k);
	const struct mime_part *root;

	if (k->text.n == 0)
		return KEY_YES;
	if (s->content == NULL || !content_is_open(s->content))
		return without(s, k);
	root = content_root(s->content);
	if (root != NULL)
		text_of_bodies(&r, s->content->all, root);
	else
		s->unreadable = true;
	return verdict_of(&r);
}

enum verdict_of_key
key_text(struct search *s, const struct key *k)
{
	struct text_reader r = reader_for(k);

	if (k->text.n == 0)
		return KEY_YES;
	if (s->content == NULL || !content_is_open(s->content))
		return without(s, k);
	if (!text_of_message(&r, s->content))
		s->unreadable = true;
	return verdict_of(&r);
}
