/* SPDX-License-Identifier: ISC */
/*
 * renew - what the client knows, from one box to another
 */
#include "imapd/link.h"
#include "imapd/renew.h"
#include "imapd/route.h"
#include "imapd/select.h"
#include "lib/proc/channel.h"

/* All that are no holes stand in the new one at the same place, counted without
 * them. What is expunged and not told yet is in the way, until it is told. */
static bool
is_alike(const struct box *from, const struct box *to)
{
	uint32_t at = 0;

	if (from->gone_n > 0 || to->gone_n > 0 || to->holes_n > 0 ||
	    from->uidvalidity != to->uidvalidity || from->deleted ||
	    to->deleted || box_total(to) < box_total(from) - from->holes_n)
		return false;
	for (uint32_t i = 0; i < box_total(from); i++)
		if (!box_is_hole(from, i) &&
		    box_uid(from, i) != box_uid(to, at++))
			return false;
	return true;
}

static void
carry_record(const uint8_t *from, struct box *to, uint32_t at)
{
	struct record old, now;

	record_get(from, &old);
	record_get(box_record(to, at), &now);
	if ((old.flags & FLAG_RECENT) && !(now.flags & FLAG_RECENT)) {
		box_mark_recent(to, at);
		now.flags |= FLAG_RECENT;
	}
	if (old.flags != now.flags || old.keywords != now.keywords)
		box_note_change(to, at, now.modseq);
}

static bool
has_other_keywords(const struct box *a, const struct box *b)
{
	if (a->keywords != b->keywords)
		return true;
	for (uint32_t i = 0; i < a->keywords; i++)
		if (strcmp(a->keyword[i], b->keyword[i]) != 0)
			return true;
	return false;
}

bool
box_carry(const struct box *from, struct box *to)
{
	uint32_t at = 0;

	if (!is_alike(from, to))
		return false;
	for (uint32_t i = 0; i < box_total(from); i++)
		if (!box_is_hole(from, i))
			carry_record(box_record(from, i), to, at++);
	for (uint32_t i = 0; i < from->dirty_n; i++) {
		uint32_t index = from->dirty[i].index;

		if (!box_is_hole(from, index))
			box_note_change(to,
			    index - box_holes_before(from, index),
			    from->dirty[i].modseq);
	}
	to->known = box_count(from);
	to->new_keywords = from->new_keywords ||
	    from->rights != to->rights || has_other_keywords(from, to);
	return true;
}

/* The one before is left. */
static void
take_over(struct imap *im, struct box *fresh)
{
	struct str saved = im->box->saved;

	im->box->saved = (struct str){ 0 };
	box_leave(im);
	fresh->saved = saved;
	im->box = fresh;
}

static void
drop(struct box *fresh)
{
	struct message m = { .type = MSG_mailbox_close,
		.mailbox_close.handle = fresh->handle };

	if (fresh->channel != NULL)
		channel_send(fresh->channel, &m);
	link_detach(fresh);
	box_free(&fresh);
}

void
box_renew(struct imap *im)
{
	struct box *fresh = NULL, *old = im->box;
	struct why w;

	if (old == NULL || old->changed < RENEW_AFTER ||
	    old->changed < old->base_n / 2 || old->deleted ||
	    old->gone_n > 0 || im->over || im->lost)
		return;
	old->changed = 0;	/* not again at once, whatever comes of it */
	if (!out_flush(im))	/* nobody waits for this */
		return;
	im->opens_at = route_name(im, str_view(&old->name), &w);
	if (im->opens_at == NULL)
		return;
	link_open_begin(im->opens_at);
	fresh = box_open(im, str_view(&old->name), old->read_only, &w);
	if (fresh != NULL && im->opens_at != NULL)
		link_attach(fresh);
	if (im->opens_at != NULL)
		link_open_end(im->opens_at);
	else if (fresh != NULL)
		box_free(&fresh);	/* store is gone, and its handles */
	im->opens_at = NULL;
	if (fresh == NULL)
		return;
	if (box_carry(old, fresh))
		take_over(im, fresh);
	else
		drop(fresh);
}
