/* SPDX-License-Identifier: ISC */
/*
 * box - records, and what events do to them
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <stdlib.h>

#include "imapd/box.h"
#include "lib/mail/rights.h"
#include "lib/proc/message.h"

#define DIRTY_SLACK 1024	/* entries before it is worth packing them */

struct box *
box_new(void)
{
	struct box *b = xcalloc(1, sizeof(*b));

	b->rights = RIGHTS_ALL;
	return b;
}

bool
box_map(struct box *b, int fd, uint32_t count)
{
	size_t n = (size_t)count * RECORD_SIZE;
	struct stat st;
	void *map;

	if (count == 0)
		return true;
	if (fstat(fd, &st) < 0 || st.st_size < 0 || (size_t)st.st_size < n)
		return false;
	map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	b->map = map;
	b->base_n = b->known = count;
	return true;
}

static void
free_keywords(struct box *b)
{
	while (b->keywords > 0)
		free(b->keyword[--b->keywords]);
}

void
box_free(struct box **bp)
{
	struct box *b = *bp;

	if (b == NULL)
		return;
	*bp = NULL;
	if (b->map != NULL)
		munmap(b->map, (size_t)b->base_n * RECORD_SIZE);
	free_keywords(b);
	str_free(&b->name);
	str_free(&b->id);
	str_free(&b->added);
	str_free(&b->saved);
	free(b->holes);
	free(b->gone);
	free(b->dirty);
	free(b->last);
	free(b);
}

/* ---- looking ---- */

uint32_t
box_total(const struct box *b)
{
	return b->base_n + (uint32_t)(b->added.n / RECORD_SIZE);
}

uint32_t
box_count(const struct box *b)
{
	return b->known - b->holes_n;
}

const uint8_t *
box_record(const struct box *b, uint32_t index)
{
	if (index < b->base_n)
		return b->map + (size_t)index * RECORD_SIZE;
	return (const uint8_t *)b->added.p +
	    (size_t)(index - b->base_n) * RECORD_SIZE;
}

uint32_t
box_uid(const struct box *b, uint32_t index)
{
	return record_uid(box_record(b, index));
}

uint32_t
box_last_uid(const struct box *b)
{
	uint32_t i = b->known, h = b->holes_n;

	for (; i > 0 && h > 0 && b->holes[h - 1] == i - 1; h--)
		i--;
	return i > 0 ? box_uid(b, i - 1) : 0;
}

uint32_t
box_find(const struct box *b, uint32_t uid)
{
	uint32_t low = 0, high = box_total(b);

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (box_uid(b, mid) < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t
box_holes_before(const struct box *b, uint32_t index)
{
	uint32_t low = 0, high = b->holes_n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (b->holes[mid] < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
box_is_hole(const struct box *b, uint32_t index)
{
	uint32_t h = box_holes_before(b, index);

	return h < b->holes_n && b->holes[h] == index;
}

/* The index is seq - 1 plus the holes up to it: the first hole h for which
 * holes[h] - h, the records kept before it, reaches beyond. */
uint32_t
box_index(const struct box *b, uint32_t seq)
{
	uint32_t low = 0, high = b->holes_n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (b->holes[mid] - mid <= seq - 1)
			low = mid + 1;
		else
			high = mid;
	}
	return seq - 1 + low;
}

uint64_t
box_keyword(const struct box *b, struct view name)
{
	for (uint32_t i = 0; i < b->keywords; i++)
		if (view_isi(name, b->keyword[i]))
			return (uint64_t)1 << i;
	return 0;
}

/* ---- events ---- */

bool
box_has_news(const struct box *b)
{
	return b->gone_n > 0 || b->dirty_n > 0 || b->new_keywords ||
	    b->known < box_total(b) || b->deleted;
}

void
box_set_keywords(struct box *b, struct view list)
{
	struct view item;

	free_keywords(b);
	while (b->keywords < KEYWORDS_MAX && list_next(&list, &item)) {
		char *copy = xmalloc(item.n + 1);

		memcpy(copy, item.p, item.n);
		copy[item.n] = '\0';
		b->keyword[b->keywords++] = copy;
	}
	b->new_keywords = true;
}

/* Store's order is ascending; what is not, is no news. */
void
box_event_added(struct box *b, struct view records)
{
	for (size_t i = 0; i < record_count(records); i++) {
		uint32_t total = box_total(b);
		struct record r;

		record_at(records, i, &r);
		if (total > 0 && r.uid <= box_uid(b, total - 1))
			continue;
		str_addn(&b->added, records.p + i * RECORD_SIZE, RECORD_SIZE);
		b->recent += (r.flags & FLAG_RECENT) != 0;
		if (r.uid >= b->uidnext)
			b->uidnext = r.uid + 1;
	}
}

void
box_mark_recent(struct box *b, uint32_t index)
{
	uint8_t *at = (uint8_t *)(uintptr_t)box_record(b, index);
	struct record r;

	record_get(at, &r);
	b->recent += (r.flags & FLAG_RECENT) == 0;
	r.flags |= FLAG_RECENT;
	record_put(at, &r);
}

void
box_set_recent(struct box *b, uint32_t first)
{
	for (uint32_t i = box_find(b, first); i < box_total(b); i++)
		box_mark_recent(b, i);
}

static int
dirty_cmp(const void *a, const void *b)
{
	const struct box_dirty *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->modseq > y->modseq) - (x->modseq < y->modseq);
}

/* One entry a message, the oldest. */
static void
pack_dirty(struct box *b)
{
	uint32_t n = 0;

	qsort(b->dirty, b->dirty_n, sizeof(*b->dirty), dirty_cmp);
	for (uint32_t i = 0; i < b->dirty_n; i++)
		if (n == 0 || b->dirty[n - 1].index != b->dirty[i].index)
			b->dirty[n++] = b->dirty[i];
	b->dirty_n = n;
}

/* A client that sends no command for long costs an entry a message. */
void
box_note_change(struct box *b, uint32_t index, uint64_t modseq)
{
	if (b->dirty_n == b->dirty_size) {
		if (b->dirty_n > DIRTY_SLACK)
			pack_dirty(b);
		if (b->dirty_n >= b->dirty_size / 2) {
			b->dirty_size = b->dirty_size ? b->dirty_size * 2 : 16;
			b->dirty = xrealloc(b->dirty,
			    b->dirty_size * sizeof(*b->dirty));
		}
	}
	b->dirty[b->dirty_n++] = (struct box_dirty){ index, modseq };
}

/* \Recent is between store and the session that was given it: it stays. */
void
box_event_flags(struct box *b, struct view records)
{
	for (size_t i = 0; i < record_count(records); i++) {
		struct record now, old;
		uint32_t index;
		uint8_t *at;

		record_at(records, i, &now);
		index = box_find(b, now.uid);
		if (index == box_total(b) || box_uid(b, index) != now.uid)
			continue;
		at = (uint8_t *)(uintptr_t)box_record(b, index);
		record_get(at, &old);
		now.flags = (now.flags & FLAG_STORABLE) |
		    (old.flags & FLAG_RECENT);
		record_put(at, &now);
		b->changed += index < b->base_n;
		if (old.flags != now.flags || old.keywords != now.keywords)
			box_note_change(b, index, now.modseq);
	}
}

void
box_event_expunged(struct box *b, struct view records)
{
	for (size_t i = 0; i < record_count(records); i++) {
		struct record r;
		uint32_t index;

		record_at(records, i, &r);
		index = box_find(b, r.uid);
		if (index == box_total(b) || box_uid(b, index) != r.uid ||
		    box_is_hole(b, index))
			continue;
		b->gone = xgrow(b->gone, b->gone_n, &b->gone_size,
		    sizeof(*b->gone));
		b->gone[b->gone_n++] = index;
	}
}

void
box_clean(struct box *b, const struct numset *set, bool uid, uint64_t modseq)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < b->dirty_n; i++) {
		struct box_dirty d = b->dirty[i];
		uint32_t number = uid ? box_uid(b, d.index) :
		    d.index - box_holes_before(b, d.index) + 1;

		if ((modseq != 0 && d.modseq != modseq) ||
		    !numset_has(set, number))
			b->dirty[kept++] = d;
	}
	b->dirty_n = kept;
}
