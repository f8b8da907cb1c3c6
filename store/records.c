/* SPDX-License-Identifier: ISC */
/*
 * records - keeping array and rows alike
 */
#include <stdlib.h>
#include <string.h>

#include "store/cache.h"
#include "store/records.h"

#define NAMING (ENTRY_SIZE - RECORD_SIZE)
/* When so many go at once, nobody shall wait for a cache to be put in order. */
#define CACHE_MANY 10000

static void
room(struct records *r)
{
	if (r->n < r->cap)
		return;
	r->cap = r->cap ? r->cap + r->cap / 2 : 32;
	r->packed = xrealloc(r->packed, r->cap * RECORD_SIZE);
	r->naming = xrealloc(r->naming, r->cap * NAMING);
}

static void
join(const struct records *r, size_t i, uint8_t *row)
{
	memcpy(row, r->packed + i * RECORD_SIZE, RECORD_SIZE);
	memcpy(row + RECORD_SIZE, r->naming + i * NAMING, NAMING);
}

static void
split(struct records *r, size_t i, const uint8_t *row)
{
	memcpy(r->packed + i * RECORD_SIZE, row, RECORD_SIZE);
	memcpy(r->naming + i * NAMING, row + RECORD_SIZE, NAMING);
}

/* UIDs ascend over the whole mailbox, or the row is not to be believed. */
static bool
take_row(void *arg, struct view key, struct view value)
{
	struct records *r = arg;
	const uint8_t *row = (const uint8_t *)value.p;

	if (key.n != 8 || value.n == 0 || value.n % ENTRY_SIZE != 0)
		return false;
	for (size_t at = 0; at < value.n; at += ENTRY_SIZE) {
		uint32_t uid = record_uid(row + at);

		if (r->n > 0 &&
		    uid <= record_uid(r->packed + (r->n - 1) * RECORD_SIZE))
			return false;
		if (uid / CHUNK_RECORDS != kv_read_u32(key.p + 4))
			return false;
		room(r);
		split(r, r->n++, row + at);
	}
	return true;
}

bool
records_load(struct records *r, uint32_t mailbox)
{
	struct kv_key key = index_key_number(mailbox);

	r->n = 0;
	return index_each(INDEX_RECORDS, &key, take_row, r) == KV_NONE;
}

void
records_free(struct records *r)
{
	free(r->packed);
	free(r->naming);
	*r = (struct records){ 0 };
}

struct view
records_view(const struct records *r)
{
	return view_bytes(
	    r->n ? r->packed : (const uint8_t *)"", r->n * RECORD_SIZE);
}

void
records_at(const struct records *r, size_t i, struct entry *e)
{
	uint8_t row[ENTRY_SIZE];

	must(i < r->n);
	join(r, i, row);
	entry_get(row, e);
}

void
records_set(struct records *r, size_t i, const struct entry *e)
{
	uint8_t row[ENTRY_SIZE];

	must(i < r->n);
	entry_put(row, e);
	split(r, i, row);
}

void
records_add(struct records *r, const struct entry *e)
{
	room(r);
	r->n++;
	records_set(r, r->n - 1, e);
}

static uint32_t
chunk_of(const struct records *r, size_t i)
{
	return record_uid(r->packed + i * RECORD_SIZE) / CHUNK_RECORDS;
}

/* The row that begins at or before i; returns the index behind it. */
static size_t
write_row(const struct records *r, uint32_t mailbox, size_t i)
{
	uint8_t row[CHUNK_RECORDS * ENTRY_SIZE];
	uint32_t chunk = chunk_of(r, i);
	size_t n = 0;

	while (i > 0 && chunk_of(r, i - 1) == chunk)
		i--;
	for (; i < r->n && chunk_of(r, i) == chunk; i++)
		join(r, i, row + n++ * ENTRY_SIZE);
	index_put_chunk(mailbox, chunk, view_bytes(row, n * ENTRY_SIZE));
	return i;
}

void
records_write(const struct records *r, uint32_t mailbox, size_t i, size_t j)
{
	while (i <= j && i < r->n)
		i = write_row(r, mailbox, i);
}

size_t
records_find(const struct records *r, uint32_t uid)
{
	size_t i = record_find(records_view(r), uid);

	if (i < r->n && record_uid(r->packed + i * RECORD_SIZE) != uid)
		return r->n;
	return i;
}

static void
rewrite_chunk(const struct records *r, uint32_t mailbox, uint32_t chunk)
{
	size_t i = record_find(records_view(r), chunk * CHUNK_RECORDS);

	/* what is gone leaves nothing of its content */
	cache_remove(r, mailbox, chunk);
	if (i < r->n && chunk_of(r, i) == chunk)
		write_row(r, mailbox, i);
	else
		index_put_chunk(mailbox, chunk, VIEW_NONE);
}

void
records_remove(
    struct records *r, uint32_t mailbox, const uint32_t *gone, size_t n)
{
	size_t to = 0, g = 0;

	for (size_t i = 0; i < r->n; i++) {
		uint8_t row[ENTRY_SIZE];
		uint32_t uid = record_uid(r->packed + i * RECORD_SIZE);

		while (g < n && gone[g] < uid)
			g++;
		if (g < n && gone[g] == uid)
			continue;
		if (to != i) {
			join(r, i, row);
			split(r, to, row);
		}
		to++;
	}
	r->n = to;
	if (n > CACHE_MANY)
		cache_drop(mailbox);
	for (size_t i = 0; i < n; i++)
		if (i == 0 ||
		    gone[i] / CHUNK_RECORDS != gone[i - 1] / CHUNK_RECORDS)
			rewrite_chunk(r, mailbox, gone[i] / CHUNK_RECORDS);
}

void
records_each(const struct records *r, const struct numset *uids,
    void (*f)(void *arg, size_t i), void *arg)
{
	for (size_t k = 0; k < uids->n; k++) {
		size_t i = record_find(records_view(r), uids->ranges[k].first);

		for (; i < r->n && record_uid(r->packed + i * RECORD_SIZE) <=
				       uids->ranges[k].last;
		     i++)
			f(arg, i);
	}
}
