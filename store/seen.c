/* SPDX-License-Identifier: ISC */
/*
 * seen - bitmaps in memory and in rows; store/seen_file.c has the file
 */
#include <stdlib.h>
#include <string.h>

#include "store/seen_set.h"

/* Of the mailbox's readers, or of one of them. */
static struct kv_key
key_of(const struct mailbox *mb, struct view user)
{
	struct kv_key key = index_key_number(mb->h.mailbox);

	if (user.n > 0)
		kv_key_text(&key, user);
	return key;
}

/* ---- in memory ---- */

static struct reader *
find(const struct mailbox *mb, struct view user)
{
	struct reader *r;

	LIST_FOREACH(r, &mb->readers, of_mailbox)
		if (view_is(user, r->user))
			return r;
	return NULL;
}

struct reader *
seen_make(struct mailbox *mb, struct view user)
{
	struct reader *r = find(mb, user);

	if (r != NULL)
		return r;
	r = xcalloc(1, sizeof(*r) + user.n + 1);
	memcpy(r->user, user.p, user.n);
	LIST_INSERT_HEAD(&mb->readers, r, of_mailbox);
	return r;
}

/* The first part that is not before this one; r->n: there is none. */
static size_t
part_at(const struct reader *r, uint32_t number)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->parts[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct seen_part *
part_find(const struct reader *r, uint32_t uid)
{
	size_t i = part_at(r, uid / SEEN_PART);

	return i < r->n && r->parts[i].number == uid / SEEN_PART ?
		     &r->parts[i] : NULL;
}

static struct seen_part *
part_make(struct reader *r, uint32_t uid)
{
	size_t i = part_at(r, uid / SEEN_PART);

	if (i < r->n && r->parts[i].number == uid / SEEN_PART)
		return &r->parts[i];
	r->parts = xgrow(r->parts, r->n, &r->cap, sizeof(*r->parts));
	memmove(&r->parts[i + 1], &r->parts[i],
	    (r->n - i) * sizeof(*r->parts));
	r->n++;
	r->parts[i] = (struct seen_part){ .number = uid / SEEN_PART };
	return &r->parts[i];
}

bool
seen_has(const struct reader *r, uint32_t uid)
{
	const struct seen_part *p = part_find(r, uid);

	return p != NULL && (p->bits[uid % SEEN_PART / 8] >> uid % 8 & 1);
}

void
seen_set(struct reader *r, uint32_t uid, bool on)
{
	struct seen_part *p;

	if (seen_has(r, uid) == on)
		return;
	p = part_make(r, uid);
	p->bits[uid % SEEN_PART / 8] ^= (uint8_t)(1 << uid % 8);
	p->changed = true;
	if (on) {
		p->count++;
		r->count++;
	} else {
		p->count--;
		r->count--;
	}
}

uint32_t
seen_unseen(const struct mailbox *mb, const struct reader *r)
{
	return r->count < mb->h.count ? mb->h.count - r->count : 0;
}

void
seen_overlay_one(const struct reader *r, struct record *rec)
{
	rec->flags &= ~(uint32_t)(FLAG_SEEN | FLAG_RECENT);
	if (seen_has(r, rec->uid))
		rec->flags |= FLAG_SEEN;
}

void
seen_overlay(const struct reader *r, void *packed, size_t octets)
{
	for (size_t i = 0; i + RECORD_SIZE <= octets; i += RECORD_SIZE) {
		uint8_t *at = (uint8_t *)packed + i;
		struct record rec;

		record_get(at, &rec);
		seen_overlay_one(r, &rec);
		record_put(at, &rec);
	}
}

void
seen_end(struct mailbox *mb)
{
	struct reader *r;

	while ((r = LIST_FIRST(&mb->readers)) != NULL) {
		LIST_REMOVE(r, of_mailbox);
		free(r->parts);
		free(r);
	}
	mb->readers_known = false;
}

/* ---- rows ---- */

static uint32_t
count_bits(const uint8_t *bits)
{
	uint32_t n = 0;

	for (size_t i = 0; i < SEEN_PART / 8; i++)
		n += (uint32_t)__builtin_popcount(bits[i]);
	return n;
}

/* user NUL part */
static bool
take_row(void *arg, struct view key, struct view value)
{
	struct mailbox *mb = arg;
	struct seen_part *p;
	struct reader *r;
	struct view user;

	key = view_skip(key, 4);
	user = view_cut(&key, '\0');
	if (user.n == 0 || key.n != 4 || value.n != SEEN_PART / 8)
		return true;
	r = seen_make(mb, user);
	if (r->loaded)
		return true;
	p = part_make(r, kv_read_u32(key.p) * SEEN_PART);
	memcpy(p->bits, value.p, value.n);
	p->count = count_bits(p->bits);
	r->count += p->count;
	return true;
}

/* What was read of it is not whole; the next try begins anew. */
static void
forget_unloaded(struct mailbox *mb)
{
	struct reader *r;

	LIST_FOREACH(r, &mb->readers, of_mailbox)
		if (!r->loaded)
			r->n = r->count = 0;
}

bool
seen_load(struct mailbox *mb)
{
	struct kv_key key = key_of(mb, VIEW_NONE);
	struct reader *r;

	if (mb->readers_known)
		return true;
	if (index_each(INDEX_SEEN, &key, take_row, mb) == KV_TROUBLE) {
		forget_unloaded(mb);
		return false;
	}
	LIST_FOREACH(r, &mb->readers, of_mailbox)
		r->loaded = true;
	mb->readers_known = true;
	return true;
}

/* Of a mailbox that thousands read only those who do so now are in memory. */
struct reader *
seen_reader(struct mailbox *mb, struct view user)
{
	struct kv_key key = key_of(mb, user);
	struct reader *r = seen_make(mb, user);

	if (!mb->readers_known && !r->loaded &&
	    index_each(INDEX_SEEN, &key, take_row, mb) == KV_TROUBLE) {
		forget_unloaded(mb);
		return NULL;
	}
	r->loaded = true;
	return r;
}

static void
write_parts(struct mailbox *mb, struct reader *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct seen_part *p = &r->parts[i];
		struct kv_key key = key_of(mb, view_of(r->user));

		if (!p->changed)
			continue;
		p->changed = false;
		r->behind = true;
		kv_key_u32(&key, p->number);
		if (p->count > 0)
			index_put(INDEX_SEEN, &key,
			    view_bytes(p->bits, sizeof(p->bits)));
		else
			index_delete(INDEX_SEEN, &key);
	}
}

void
seen_write(struct mailbox *mb, struct reader *r)
{
	write_parts(mb, r);
	if (!r->behind)
		return;
	r->behind = false;
	seen_file_due(mb);
}

/* That their UIDs are still in the file harms nobody: it is not due. */
void
seen_gone(struct mailbox *mb, const uint32_t *uids, size_t n)
{
	struct reader *r;

	if (!seen_load(mb))
		return;
	LIST_FOREACH(r, &mb->readers, of_mailbox) {
		for (size_t i = 0; i < n; i++)
			seen_set(r, uids[i], false);
		write_parts(mb, r);
		r->behind = false;
	}
}
