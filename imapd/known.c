/* SPDX-License-Identifier: ISC */
/*
 * known - blocks read one by one, and the wanted records copied out of them
 *
 * Files are read, not mapped: what a disk cannot give is missing and no signal,
 * and what store writes meanwhile cannot change what was believed.
 */
#include <unistd.h>

#include "imapd/box.h"
#include "imapd/known.h"
#include "lib/base/file.h"
#include "lib/proc/channel.h"
#include "lib/proc/message.h"

#define KEEP_PORTION (60u * 1024)	/* octets of one message */
#define KEEP_LEAST   8	/* a few files are opened faster than blocks written */

void
known_begin(struct known *k, struct imap *im)
{
	struct message m = { .type = MSG_cache_open };
	struct reply reply = { 0 };
	struct why none;

	*k = (struct known){ .im = im, .slots = -1, .blocks = -1 };
	m.cache_open.handle = box_looked_at(im)->handle;
	if (!store_ask(im, &m, &reply, &none))
		return;
	if (store_want(&reply, MSG_cache_files, &none)) {
		k->id = reply.m.cache_files.id;
		k->drops = reply.m.cache_files.drops;
		k->slots = fd_take(&reply.m.cache_files.slots);
		k->blocks = fd_take(&reply.m.cache_files.blocks);
	}
	reply_free(&reply);
}

/* ---- reading ---- */

/* The slot of a block; its neighbours are read along. */
static struct cache_slot
find_slot(struct known *k, uint32_t chunk, enum cache_kind kind)
{
	const size_t one = CACHE_KINDS * CACHE_SLOT;

	if (chunk < k->window || chunk - k->window >= KNOWN_SLOTS ||
	    k->windowed == 0) {
		ssize_t n = pread(k->slots, k->slot, sizeof(k->slot),
		    (off_t)cache_slot_at(chunk));

		/* the file may end within a chunk's */
		n = n > 0 ? n : 0;
		memset(k->slot + n, 0, sizeof(k->slot) - (size_t)n);
		k->window = chunk;
		k->windowed = (uint32_t)(((size_t)n + one - 1) / one);
	}
	if (chunk - k->window >= k->windowed)
		return (struct cache_slot){ 0, 0 };
	return cache_slot_get(k->slot + (chunk - k->window) * one +
	    kind * CACHE_SLOT);
}

static struct view
read_block(struct known *k, uint32_t chunk, enum cache_kind kind)
{
	struct cache_name name = { k->id, chunk, kind };
	struct cache_slot s = find_slot(k, chunk, kind);
	struct view records;

	str_reset(&k->block);
	if (s.n == 0 || !file_pread_all(k->blocks, str_room(&k->block, s.n),
			    s.n, (off_t)s.at))
		return VIEW_NONE;
	k->block.n = s.n;
	return cache_block_open(str_view(&k->block), name, &records) ?
	    records : VIEW_NONE;
}

/* Those of uid[i] and on that are in the block; the next i. */
static uint32_t
take_block(struct known *k, enum cache_kind kind, const uint32_t *uid,
    uint32_t i, uint32_t n, struct view *v)
{
	uint32_t chunk = uid[i] / CACHE_CHUNK, found;
	struct view rest = read_block(k, chunk, kind), what;

	while (cache_record_take(&rest, &found, &what)) {
		while (i < n && uid[i] < found)
			i++;
		if (i == n || uid[i] != found)
			continue;
		k->at[i] = k->octets[kind].n;
		v[i] = what;
		str_add(&k->octets[kind], what);
	}
	while (i < n && uid[i] / CACHE_CHUNK == chunk)
		i++;
	return i;
}

void
known_read(struct known *k, enum cache_kind kind, const uint32_t *uid,
    uint32_t n, struct view *v)
{
	must(n <= KNOWN_MOST);
	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct view){ NULL, 0 };
	if (k->slots < 0 || k->blocks < 0)
		return;
	k->windowed = 0;
	str_reset(&k->octets[kind]);
	for (uint32_t i = 0; i < n;)
		i = take_block(k, kind, uid, i, n, v);
	for (uint32_t i = 0; i < n; i++)
		if (v[i].p != NULL)
			v[i].p = k->octets[kind].p + k->at[i];
}

/* ---- keeping ---- */

static void
give_to_store(struct known *k, enum cache_kind kind)
{
	struct message m = { .type = MSG_cache_keep,
		.cache_keep = { .handle = box_looked_at(k->im)->handle,
		    .kind = (uint8_t)kind,
		    .drops = k->drops,
		    .records = str_view(&k->keep[kind]) } };
	const struct box *b = box_looked_at(k->im);
	struct channel *c = k->im->look ? k->im->store : b->channel;

	/* store believes only sessions of the owner */
	if (k->keep[kind].n > 0 && c != NULL && !b->shared)
		channel_send(c, &m);
	str_reset(&k->keep[kind]);
}

void
known_keep(struct known *k, enum cache_kind kind, uint32_t uid,
    struct view what)
{
	if (what.n > CACHE_RECORD_MAX)
		return;
	if (k->keep[kind].n + what.n + 8 > KEEP_PORTION)
		give_to_store(k, kind);
	k->made[kind]++;
	cache_record_put(&k->keep[kind], uid, what);
}

void
known_end(struct known *k)
{
	for (enum cache_kind kind = 0; kind < CACHE_KINDS; kind++) {
		if (k->made[kind] >= KEEP_LEAST)
			give_to_store(k, kind);
		str_free(&k->keep[kind]);
		str_free(&k->octets[kind]);
	}
	str_free(&k->block);
	if (k->slots >= 0)
		close(k->slots);
	if (k->blocks >= 0)
		close(k->blocks);
	k->slots = k->blocks = -1;
}
