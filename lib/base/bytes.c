/* SPDX-License-Identifier: ISC */
/*
 * bytes - big-endian numbers and counted texts
 *
 * One function writes a number of any width and one reads it; the rest gives
 * them names.
 */
#include "lib/base/bytes.h"

static void
put(struct str *s, uint64_t n, size_t width)
{
	char *p = str_room(s, width);

	must(p != NULL);
	for (size_t i = width; i-- > 0; n >>= 8)
		p[i] = (char)(n & 255);
	s->n += width;
}

void
put_u8(struct str *s, unsigned n)
{
	put(s, n, 1);
}

void
put_u16(struct str *s, unsigned n)
{
	put(s, n, 2);
}

void
put_u32(struct str *s, uint32_t n)
{
	put(s, n, 4);
}

void
put_u64(struct str *s, uint64_t n)
{
	put(s, n, 8);
}

void
put_text(struct str *s, struct view v)
{
	must(v.n <= UINT16_MAX);
	put_u16(s, (unsigned)v.n);
	str_add(s, v);
}

static struct view
take(struct bytes *b, size_t n)
{
	struct view v = { b->rest.p, n };

	if (b->bad || n > b->rest.n) {
		b->bad = true;
		b->rest = VIEW_NONE;
		return VIEW_NONE;
	}
	b->rest = view_skip(b->rest, n);
	return v;
}

static uint64_t
get(struct bytes *b, size_t width)
{
	struct view v = take(b, width);
	uint64_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n = n << 8 | (unsigned char)v.p[i];
	return n;
}

uint8_t
get_u8(struct bytes *b)
{
	return (uint8_t)get(b, 1);
}

uint16_t
get_u16(struct bytes *b)
{
	return (uint16_t)get(b, 2);
}

uint32_t
get_u32(struct bytes *b)
{
	return (uint32_t)get(b, 4);
}

uint64_t
get_u64(struct bytes *b)
{
	return get(b, 8);
}

struct view
get_text(struct bytes *b)
{
	return take(b, get_u16(b));
}

bool
get_more(const struct bytes *b)
{
	return !b->bad && b->rest.n > 0;
}
