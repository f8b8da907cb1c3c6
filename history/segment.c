/* SPDX-License-Identifier: ISC */
/*
 * segment - records and rows, written and read
 *
 * The readers get foreign octets: a disk may have anything.
 */
#include <stdlib.h>

#include "history/segment.h"
#include "lib/base/bytes.h"
#include "lib/base/crc.h"
#include "lib/mail/event.h"

#define ROW_HEAD	16	/* checksum, number of prints, at, length */

static const struct view magic = { "PHhist1\n", 8 };

void
segment_put_head(struct str *out, int64_t begun)
{
	str_add(out, magic);
	put_u64(out, (uint64_t)begun);
}

bool
segment_read_head(struct view head, int64_t *begun)
{
	struct bytes b = { .rest = head };

	if (head.n < SEGMENT_HEAD || !view_starts(head, magic))
		return false;
	b.rest = view_skip(head, magic.n);
	*begun = (int64_t)get_u64(&b);
	return true;
}

void
segment_put(struct str *out, struct view event)
{
	put_u32(out, crc32c(0, event));
	put_u32(out, (uint32_t)event.n);
	str_add(out, event);
}

enum segment_end
segment_next(struct view *rest, struct view *event)
{
	struct bytes b = { .rest = *rest };
	uint32_t crc = get_u32(&b), n = get_u32(&b);

	if (rest->n == 0)
		return SEGMENT_END;
	if (b.bad || n == 0 || n > EVENT_MOST || n > b.rest.n)
		return SEGMENT_TORN;
	*event = (struct view){ b.rest.p, n };
	if (crc32c(0, *event) != crc)
		return SEGMENT_TORN;
	*rest = view_skip(b.rest, n);
	return SEGMENT_MORE;
}

/* ---- rows ---- */

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Checksum, number of prints, at, length, prints. */
void
row_put(struct str *out, struct row block, uint32_t *prints, size_t n)
{
	struct str row = { 0 }, some = { 0 };
	size_t kept = 0;

	qsort(prints, n, sizeof(*prints), by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || prints[i] != prints[i - 1]) {
			put_u32(&some, prints[i]);
			kept++;
		}
	put_u32(&row, (uint32_t)kept);
	put_u32(&row, block.at);
	put_u32(&row, block.length);
	str_add(&row, str_view(&some));
	put_u32(out, crc32c(0, str_view(&row)));
	str_add(out, str_view(&row));
	str_free(&row);
	str_free(&some);
}

enum segment_end
row_next(struct view *rest, uint32_t at, struct row *r)
{
	struct bytes b = { .rest = *rest };
	uint32_t crc = get_u32(&b), n = get_u32(&b);
	size_t length;

	r->at = get_u32(&b);
	r->length = get_u32(&b);
	if (rest->n == 0)
		return SEGMENT_END;
	if (b.bad || n > b.rest.n / 4 || r->at != at || r->length == 0 ||
	    r->length > UINT32_MAX - at)
		return SEGMENT_TORN;
	r->prints = (struct view){ b.rest.p, (size_t)n * 4 };
	length = ROW_HEAD + r->prints.n;
	if (crc32c(0, (struct view){ rest->p + 4, length - 4 }) != crc)
		return SEGMENT_TORN;
	*rest = view_skip(*rest, length);
	return SEGMENT_MORE;
}

static uint32_t
print_at(const struct row *r, size_t i)
{
	struct bytes b = { .rest = view_skip(r->prints, 4 * i) };

	return get_u32(&b);
}

static bool
has_one(const struct row *r, uint32_t print)
{
	size_t low = 0, high = r->prints.n / 4;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		uint32_t here = print_at(r, mid);

		if (here == print)
			return true;
		if (here < print)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* A few are looked up, many are gone through beside each other. */
bool
row_has(const struct row *r, const uint32_t *prints, size_t n)
{
	size_t i = 0, j = 0, m = r->prints.n / 4;

	if (n <= 8) {
		while (i < n && !has_one(r, prints[i]))
			i++;
		return i < n;
	}
	while (i < n && j < m) {
		uint32_t here = print_at(r, j);

		if (prints[i] == here)
			return true;
		if (prints[i] < here)
			i++;
		else
			j++;
	}
	return false;
}
