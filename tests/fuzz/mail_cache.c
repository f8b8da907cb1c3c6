/* SPDX-License-Identifier: ISC */
/*
 * mail_cache - any octets as a block, as its slot and as a record of grams
 *
 * What is believed is what was written: a block with one octet changed is not.
 * A text that has a needle is never passed over, whatever the two are.
 */
#include "lib/mail/cache.h"
#include "lib/mail/grams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_records(struct view records)
{
	struct view what;
	uint32_t uid;
	size_t n = records.n;

	while (cache_record_take(&records, &uid, &what)) {
		must(records.n + what.n + 8 == n);
		n = records.n;
	}
}

static void
check_block(struct view all)
{
	struct cache_name name = { 7, 3, CACHE_ENVELOPE };
	struct str block = { 0 };
	struct view records, what;
	uint32_t uid;
	size_t at = all.n > 0 ? (unsigned char)all.p[0] : 0;

	must(!cache_block_open(all, name, &records) ||
	    all.n >= CACHE_BLOCK_HEAD);
	cache_block_begin(&block, name);
	cache_record_put(&block, 97, all);
	cache_record_put(&block, 98, VIEW_NONE);
	cache_block_end(&block, 0);
	must(cache_block_open(str_view(&block), name, &records));
	must(cache_record_take(&records, &uid, &what) && uid == 97 &&
	    view_eq(what, all));
	must(cache_record_take(&records, &uid, &what) && uid == 98 && what.n == 0);
	must(!cache_record_take(&records, &uid, &what) && records.n == 0);
	block.p[at % block.n] ^= 1;
	must(!cache_block_open(str_view(&block), name, &records));
	name.id++;
	block.p[at % block.n] ^= 1;
	must(!cache_block_open(str_view(&block), name, &records));
	str_free(&block);
}

static void
check_slot(struct view all)
{
	struct cache_slot s;
	uint64_t id;

	must(!cache_head_get(all, &id) || all.n >= CACHE_SLOTS_AT);
	if (all.n < CACHE_SLOT)
		return;
	s = cache_slot_get(all.p);
	must(s.n == 0 || (s.n >= CACHE_BLOCK_HEAD && s.n <= CACHE_BLOCK_MAX));
}

/* The first octet says how long the needle is; the text may or may not have
 * it. */
static void
check_grams(struct view all, struct arena *a)
{
	struct grams grams = { 0 };
	struct str record = { 0 };
	struct view needle, text;

	if (all.n == 0)
		return;
	text = view_skip(all, 1);
	needle = text;
	if ((unsigned char)all.p[0] < needle.n)
		needle.n = (unsigned char)all.p[0];
	grams_add(&grams, text);
	grams_put(&record, &grams);
	must(record.n <= GRAMS_MAX);
	if (view_search(text, needle) < text.n)
		must(grams_may_have(str_view(&record),
		    grams_needle(needle, a)));
	/* foreign octets as a record */
	grams_may_have(all, grams_needle(needle, a));
	str_free(&record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view all = view_bytes(data, size);
	struct arena arena;

	arena_init(&arena);
	check_records(all);
	check_block(all);
	check_slot(all);
	check_grams(all, &arena);
	arena_reset(&arena);
	return 0;
}
