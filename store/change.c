/* SPDX-License-Identifier: ISC */
/*
 * change - messages come, change and go
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/proc/message.h"
#include "store/behind.h"
#include "store/change.h"
#include "store/durable.h"
#include "store/event.h"
#include "store/quota.h"
#include "store/seen.h"
#include "store/vanished.h"

/* What one record adds to the header's counts; sign -1 takes it away. */
static void
count(struct header *h, const struct record *r, int sign)
{
	h->count += sign;
	h->octets += (uint64_t)sign * r->size;
	if (!(r->flags & FLAG_SEEN))
		h->unseen += sign;
	if (r->flags & FLAG_DELETED) {
		h->deleted += sign;
		h->deleted_octets += (uint64_t)sign * r->size;
	}
	if (r->uid >= h->first_recent)
		h->recent += sign;
}

static void
forget_snapshot(struct mailbox *mb)
{
	mb->snapshot_modseq = 0;
}

uint32_t
change_uid(struct mailbox *mb)
{
	return mb->next_uid++;
}

void
change_uid_back(struct mailbox *mb, uint32_t uid)
{
	if (mb->next_uid == uid + 1)
		mb->next_uid = uid;
}

void
change_add(struct mailbox *mb, struct entry *e)
{
	e->r.modseq = ++mb->h.modseq;
	e->r.flags &= FLAG_STORABLE;
	mb->h.uidnext = e->r.uid + 1;
	if (mb->next_uid < mb->h.uidnext)
		mb->next_uid = mb->h.uidnext;
	count(&mb->h, &e->r, 1);
	quota_count(mb, &e->r, 1);
	index_append(mb->h.mailbox, e);
	if (mb->loaded)
		records_add(&mb->records, e);
	forget_snapshot(mb);
	mailbox_touch(mb);
	event_added(mb, &e->r);
}

/*
 * Flags
 */

/* Records that change, put into rows and told in runs. */
struct changing {
	struct mailbox *mb;
	const struct change_flags *c;
	struct numset_text modified;
	struct str told;
	uint64_t modseq;
	size_t first,
	    last; /* of the rows not yet written; first > last: none */
};

static void
write_pending(struct changing *g)
{
	if (g->first <= g->last)
		records_write(
		    &g->mb->records, g->mb->h.mailbox, g->first, g->last);
	g->first = 1;
	g->last = 0;
}

/* With touch the record is told about even where nothing in it is new. */
static void
put_flags(struct changing *g, size_t i, const struct record *to, bool touch)
{
	struct mailbox *mb = g->mb;
	struct entry e;

	records_at(&mb->records, i, &e);
	if (!touch && e.r.flags == to->flags && e.r.keywords == to->keywords)
		return;
	if (g->modseq == 0) {
		g->modseq = ++mb->h.modseq;
		mailbox_working(mb); /* names will differ */
	}
	count(&mb->h, &e.r, -1);
	e.r.flags = to->flags;
	e.r.keywords = to->keywords;
	e.r.modseq = g->modseq;
	count(&mb->h, &e.r, 1);
	records_set(&mb->records, i, &e);
	if (g->first > g->last)
		g->first = i;
	else if (i > g->last + CHUNK_RECORDS) {
		write_pending(g);
		g->first = i;
	}
	g->last = i;
	if (!LIST_EMPTY(&mb->handles)) {
		record_put((uint8_t *)str_room(&g->told, RECORD_SIZE), &e.r);
		g->told.n += RECORD_SIZE;
	}
}

/* Bits after a change by mode, which concerns only some of them. */
static uint64_t
combine(uint64_t now, uint64_t bits, uint64_t allowed, uint8_t mode)
{
	bits &= allowed;
	if (mode == 1)
		return now | bits;
	if (mode == 2)
		return now & ~bits;
	return (now & ~allowed) | bits;
}

/* \Seen goes to the reader, the record keeps its owner's. Is it new? */
static bool
take_own(struct reader *r, struct record *to, uint32_t owners)
{
	bool seen = (to->flags & FLAG_SEEN) != 0;
	bool changed = seen_has(r, to->uid) != seen;

	seen_set(r, to->uid, seen);
	to->flags = (to->flags & ~(uint32_t)FLAG_SEEN) | (owners & FLAG_SEEN);
	return changed;
}

static void
change_one(void *arg, size_t i)
{
	struct changing *g = arg;
	const struct change_flags *c = g->c;
	struct record to;
	struct entry e;
	bool own = false;

	records_at(&g->mb->records, i, &e);
	if (c->unchangedsince != 0 && e.r.modseq > c->unchangedsince) {
		numset_put(&g->modified, e.r.uid);
		return;
	}
	to = e.r;
	if (c->reader != NULL)
		seen_overlay_one(c->reader, &to);
	to.flags = (uint32_t)combine(to.flags, c->flags,
	    c->allowed & FLAG_STORABLE, c->mode);
	to.keywords = combine(to.keywords, c->keywords,
	    c->keywords_allowed ? UINT64_MAX : 0, c->mode);
	if (c->reader != NULL)
		own = take_own(c->reader, &to, e.r.flags);
	put_flags(g, i, &to, own);
}

static uint64_t
finish_flags(struct changing *g)
{
	write_pending(g);
	if (g->modseq != 0) {
		forget_snapshot(g->mb);
		mailbox_touch(g->mb);
		event_flags(g->mb, str_view(&g->told));
		behind_letters(g->mb);
	}
	str_free(&g->told);
	return g->modseq ? g->modseq : g->mb->h.modseq;
}

uint64_t
change_flags(struct mailbox *mb, const struct change_flags *c)
{
	struct changing g = { .mb = mb, .c = c, .first = 1, .last = 0 };

	must(mb->loaded);
	numset_begin(&g.modified, c->modified);
	records_each(&mb->records, c->uids, change_one, &g);
	numset_end(&g.modified);
	if (c->reader != NULL)
		seen_write(mb, c->reader);
	return finish_flags(&g);
}

void
change_flags_at(struct mailbox *mb, size_t i, uint32_t flags, uint64_t keywords)
{
	struct changing g = { .mb = mb, .first = 1, .last = 0 };
	const struct record to = { .flags = flags, .keywords = keywords };

	put_flags(&g, i, &to, false);
	finish_flags(&g);
}

/*
 * Going
 */

/* Note the file's name, count it away, tell. */
static void
expunge_one(struct mailbox *mb, uint32_t uid, struct str *told)
{
	struct kv_key key = index_key_uid(mb->h.mailbox, uid);
	size_t i = records_find(&mb->records, uid);
	struct str name = { 0 };
	struct entry e;

	must(i < mb->records.n);
	records_at(&mb->records, i, &e);
	mailbox_file_name(&e, &name);
	index_put(INDEX_GONE, &key, str_view(&name));
	count(&mb->h, &e.r, -1);
	quota_count(mb, &e.r, -1);
	e.r.modseq = mb->h.modseq;
	record_put((uint8_t *)str_room(told, RECORD_SIZE), &e.r);
	told->n += RECORD_SIZE;
	str_free(&name);
}

void
change_expunge(struct mailbox *mb, const uint32_t *uids, size_t n)
{
	struct str told = { 0 };

	must(mb->loaded);
	if (n == 0)
		return;
	mb->h.modseq++;
	mailbox_working(mb); /* look here first after a crash */
	for (size_t i = 0; i < n; i++)
		expunge_one(mb, uids[i], &told);
	vanished_note(mb, uids, n);
	seen_gone(mb, uids, n);
	records_remove(&mb->records, mb->h.mailbox, uids, n);
	mb->lag_from = 0;
	forget_snapshot(mb);
	mailbox_touch(mb);
	event_expunged(mb, str_view(&told));
	str_free(&told);
}

/*
 * Keywords
 */

/* Bit of a keyword, 64 when the mailbox doesn't have it; *n counts all. */
static unsigned
keyword_bit(const struct mailbox *mb, struct view name, unsigned *n)
{
	struct view list = str_view(&mb->h.keywords), item;
	unsigned found = HEADER_KEYWORDS;

	for (*n = 0; list_next(&list, &item); ++*n)
		if (view_eqi(item, name) && found == HEADER_KEYWORDS)
			found = *n;
	return found;
}

bool
change_keywords(struct mailbox *mb, struct view list, bool make, uint64_t *bits)
{
	struct view item;
	bool made = false, fit = true;

	*bits = 0;
	while (list_next(&list, &item)) {
		unsigned n, bit = keyword_bit(mb, item, &n);

		if (bit == HEADER_KEYWORDS && make && n < HEADER_KEYWORDS &&
		    item.n > 0 && item.n <= 255) {
			list_put(&mb->h.keywords, item);
			bit = n;
			made = true;
		}
		if (bit < HEADER_KEYWORDS)
			*bits |= UINT64_C(1) << bit;
		else
			fit = !make;
	}
	if (made) {
		mailbox_touch(mb);
		event_keywords(mb);
		behind_keywords(mb);
	}
	return fit;
}

void
change_keyword_list(struct view keywords, uint64_t bits, struct str *out)
{
	struct view item;

	for (unsigned i = 0; i < HEADER_KEYWORDS &&
	    list_next(&keywords, &item); i++)
		if (bits >> i & 1)
			list_put(out, item);
}
