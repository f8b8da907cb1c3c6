/* SPDX-License-Identifier: ISC */
/*
 * cache - packing and believing
 */
#include "lib/base/kv_key.h"
#include "lib/base/sum.h"
#include "lib/mail/cache.h"

#define MAGIC	  "PHslots1"
#define MAGIC_N	  8
#define UNIT	  16		/* blocks begin at multiples of it */

/* Another number for each change of what stands in records of a kind. */
static const uint16_t forms[CACHE_KINDS] = {
	[CACHE_HEADER] = 2,
	[CACHE_ENVELOPE] = 1,
	[CACHE_STRUCTURE] = 1,
	[CACHE_GRAMS] = 1,
	[CACHE_PREVIEW] = 1,
};

void
cache_head_put(struct str *out, uint64_t id)
{
	char head[CACHE_SLOTS_AT] = MAGIC;

	kv_write_u64(head + MAGIC_N, id);
	str_addn(out, head, sizeof(head));
}

bool
cache_head_get(struct view head, uint64_t *id)
{
	if (head.n < CACHE_SLOTS_AT || memcmp(head.p, MAGIC, MAGIC_N) != 0)
		return false;
	*id = kv_read_u64(head.p + MAGIC_N);
	return true;
}

uint64_t
cache_slot_at(uint32_t chunk)
{
	return CACHE_SLOTS_AT + (uint64_t)chunk * CACHE_KINDS * CACHE_SLOT;
}

struct cache_slot
cache_slot_get(const char *p)
{
	struct cache_slot s = { .at = (uint64_t)kv_read_u32(p) * UNIT,
		.n = kv_read_u32(p + 4) };

	if (s.n < CACHE_BLOCK_HEAD || s.n > CACHE_BLOCK_MAX)
		s.n = 0;
	return s;
}

bool
cache_slot_put(char *p, struct cache_slot s)
{
	must(s.at % UNIT == 0);
	if (s.at / UNIT > UINT32_MAX)
		return false;
	kv_write_u32(p, (uint32_t)(s.at / UNIT));
	kv_write_u32(p + 4, s.n);
	return true;
}

static void
write_name(char *p, struct cache_name name)
{
	uint32_t kind = (uint32_t)name.kind << 16 | forms[name.kind];

	kv_write_u64(p, name.id);
	kv_write_u32(p + 8, name.chunk);
	kv_write_u32(p + 12, kind);
}

void
cache_block_begin(struct str *out, struct cache_name name)
{
	char head[CACHE_BLOCK_HEAD] = { 0 };

	write_name(head + 8, name);
	str_addn(out, head, sizeof(head));
}

void
cache_block_end(struct str *out, size_t from)
{
	kv_write_u64(out->p + from, sum64((struct view){ out->p + from + 8,
	    out->n - from - 8 }));
}

bool
cache_block_open(struct view block, struct cache_name name,
    struct view *records)
{
	char head[CACHE_BLOCK_HEAD - 8];

	if (block.n < CACHE_BLOCK_HEAD)
		return false;
	write_name(head, name);
	*records = view_skip(block, CACHE_BLOCK_HEAD);
	return memcmp(block.p + 8, head, sizeof(head)) == 0 &&
	    kv_read_u64(block.p) == sum64(view_skip(block, 8));
}

void
cache_record_put(struct str *out, uint32_t uid, struct view what)
{
	char head[8];

	kv_write_u32(head, uid);
	kv_write_u32(head + 4, (uint32_t)what.n);
	str_addn(out, head, sizeof(head));
	str_add(out, what);
}

bool
cache_record_take(struct view *records, uint32_t *uid, struct view *what)
{
	size_t n;

	if (records->n < 8)
		return false;
	*uid = kv_read_u32(records->p);
	n = kv_read_u32(records->p + 4);
	if (n > records->n - 8)
		return false;
	*what = (struct view){ records->p + 8, n };
	*records = view_skip(*records, 8 + n);
	return true;
}
