/* SPDX-License-Identifier: ISC */
/*
 * cache - blocks written behind all others, then named by their slot
 *
 * A reader beside us sees the old block or the new one; what it reads while a
 * block is taken away has no right sum. The place of a block that was replaced
 * becomes a hole, so that the file takes little more room than what is in it.
 * Nothing waits: a mailbox that is not in memory and in order just has none.
 */
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/cache.h"
#include "lib/mail/rights.h"
#include "store/cache.h"
#include "store/index.h"

#define ALIGN 16u
#define COUNTERS 1024u
#define PAGE	 4096u		/* of a hole */
#define NO_HOLES_MOST (UINT64_C(1) << 30) /* where there can be none: made anew */

/* How often the cache of a mailbox was dropped. Two may share a counter: then
 * one of them makes some records once more. */
static uint32_t drops[COUNTERS];

struct pair {
	int slots, blocks;
	uint64_t id;
};

/* ---- the files ---- */

static void
path_of(uint32_t mailbox, const char *what, struct str *out)
{
	str_addf(out, "%s/cache/%u.%s", index_dir(), mailbox, what);
}

static int
open_one(uint32_t mailbox, const char *what, int flags)
{
	struct str path = { 0 };
	int fd;

	path_of(mailbox, what, &path);
	fd = open(path.p, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	str_free(&path);
	return fd;
}

static void
unlink_one(uint32_t mailbox, const char *what)
{
	struct str path = { 0 };

	path_of(mailbox, what, &path);
	if (unlink(path.p) < 0 && errno != ENOENT)
		log_warning("cache", "file=%s error=\"%s\"", path.p,
		    strerror(errno));
	str_free(&path);
}

static void
close_pair(struct pair *p)
{
	if (p->slots >= 0)
		close(p->slots);
	if (p->blocks >= 0)
		close(p->blocks);
	p->slots = p->blocks = -1;
}

/* Both, as the index knows them. */
static bool
open_pair(uint32_t mailbox, int flags, struct pair *p)
{
	struct kv_key key = index_key_number(mailbox);
	char head[CACHE_SLOTS_AT];
	struct view row;
	uint64_t id;

	*p = (struct pair){ -1, -1, 0 };
	if (index_get(INDEX_CACHE, &key, &row) != KV_FOUND || row.n != 8)
		return false;
	id = kv_read_u64(row.p);
	p->slots = open_one(mailbox, "slots", flags);
	p->blocks = open_one(mailbox, "blocks", flags);
	if (p->slots >= 0 && p->blocks >= 0 &&
	    file_pread_all(p->slots, head, sizeof(head), 0) &&
	    cache_head_get(view_bytes(head, sizeof(head)), &p->id) &&
	    p->id == id)
		return true;
	close_pair(p);
	return false;
}

static bool
make_directory(void)
{
	struct str path = { 0 };
	bool fine;

	str_addf(&path, "%s/cache", index_dir());
	fine = file_mkdirs(path.p, 0700);
	str_free(&path);
	return fine;
}

static void
remove_pair(uint32_t mailbox)
{
	struct kv_key key = index_key_number(mailbox);
	struct view row;

	if (index_get(INDEX_CACHE, &key, &row) == KV_FOUND)
		index_delete(INDEX_CACHE, &key);
	unlink_one(mailbox, "slots");
	unlink_one(mailbox, "blocks");
}

static bool
make_pair(uint32_t mailbox, struct pair *p)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL;
	struct kv_key key = index_key_number(mailbox);
	struct str head = { 0 };
	bool fine;

	remove_pair(mailbox);
	if (getrandom(&p->id, sizeof(p->id), 0) != sizeof(p->id) ||
	    !make_directory())
		return false;
	p->slots = open_one(mailbox, "slots", flags);
	p->blocks = open_one(mailbox, "blocks", flags);
	cache_head_put(&head, p->id);
	fine = p->slots >= 0 && p->blocks >= 0 &&
	    file_pwrite_all(p->slots, str_view(&head), 0);
	str_reset(&head);
	kv_write_u64(str_room(&head, 8), p->id);
	if (fine)
		index_put(INDEX_CACHE, &key, (struct view){ head.p, 8 });
	else
		close_pair(p);
	str_free(&head);
	return fine;
}

void
cache_drop(uint32_t mailbox)
{
	drops[mailbox % COUNTERS]++;
	remove_pair(mailbox);
}

/* ---- a block ---- */

static struct cache_slot
slot_of(const struct pair *p, struct cache_name name)
{
	char slot[CACHE_SLOT];

	if (!file_pread_all(p->slots, slot, sizeof(slot),
		(off_t)(cache_slot_at(name.chunk) + name.kind * CACHE_SLOT)))
		return (struct cache_slot){ 0, 0 };
	return cache_slot_get(slot);
}

static bool
put_slot(const struct pair *p, struct cache_name name, struct cache_slot s)
{
	char slot[CACHE_SLOT];

	return cache_slot_put(slot, s) &&
	    file_pwrite_all(p->slots, view_bytes(slot, sizeof(slot)),
		(off_t)(cache_slot_at(name.chunk) + name.kind * CACHE_SLOT));
}

/* The records that are there; empty when there are none to believe. */
static struct view
read_block(const struct pair *p, struct cache_name name, struct cache_slot s,
    struct str *buffer)
{
	struct view records;

	if (s.n == 0 || !file_pread_all(p->blocks, str_room(buffer, s.n), s.n,
			    (off_t)s.at))
		return VIEW_NONE;
	buffer->n = s.n;
	return cache_block_open(str_view(buffer), name, &records) ? records :
								     VIEW_NONE;
}

static uint64_t
aligned(uint64_t at)
{
	return (at + ALIGN - 1) / ALIGN * ALIGN;
}

/* The octets from at to end, if they are all zero, else none: a hole may be as long
 * as it reads the same. */
static uint64_t
zeros(const struct pair *p, uint64_t at, uint64_t end)
{
	char page[PAGE];
	size_t n = (size_t)(end - at);

	if (n == 0 || !file_pread_all(p->blocks, page, n, (off_t)at))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (page[i] != '\0')
			return 0;
	return n;
}

/* Its room is given back, with the rest of its first and last page where other
 * blocks have gone before. What should be there behind the end is no more. */
static bool
punch(const struct pair *p, struct cache_slot s, uint64_t end)
{
	uint64_t from = s.at, to = aligned(s.at + s.n);

	if (s.n == 0 || s.at + s.n > end)
		return true;
	from -= zeros(p, from - from % PAGE, from);
	if (to % PAGE != 0 && to - to % PAGE + PAGE <= end)
		to += zeros(p, to, to - to % PAGE + PAGE);
	return fallocate(p->blocks, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		   (off_t)from, (off_t)(to - from)) == 0 ||
	    (errno == EOPNOTSUPP && end < NO_HOLES_MOST);
}

/* Behind all others, or nowhere when it is empty. */
static bool
replace_block(const struct pair *p, struct cache_name name, struct view block,
    struct cache_slot old)
{
	struct cache_slot s = { 0, 0 };
	struct stat st;

	if (fstat(p->blocks, &st) < 0)
		return false;
	if (block.n > CACHE_BLOCK_HEAD) {
		s.n = (uint32_t)block.n;
		s.at = aligned((uint64_t)st.st_size);
		if (!file_pwrite_all(p->blocks, block, (off_t)s.at))
			return false;
	}
	return put_slot(p, name, s) && punch(p, old, (uint64_t)st.st_size);
}

static bool
is_there(const struct records *r, uint32_t uid)
{
	return records_find(r, uid) < r->n;
}

/* Old and new records, ascending; new ones win, and what is gone goes. */
static void
merge(const struct records *r, struct view old, struct view new,
    struct str *out)
{
	struct view a, b;
	uint32_t x = 0, y = 0;
	bool has_a = cache_record_take(&old, &x, &a);
	bool has_b = cache_record_take(&new, &y, &b);

	while (has_a || has_b) {
		bool take_new = has_b && (!has_a || y <= x);

		if (has_a && has_b && x == y)
			has_a = cache_record_take(&old, &x, &a);
		if (is_there(r, take_new ? y : x))
			cache_record_put(out, take_new ? y : x, take_new ? b : a);
		if (take_new)
			has_b = cache_record_take(&new, &y, &b);
		else
			has_a = cache_record_take(&old, &x, &a);
	}
}

/* Put these records to those of the block. False when it cannot be written. */
static bool
change_block(const struct pair *p, const struct records *r,
    struct cache_name name, struct view new)
{
	struct cache_slot old = slot_of(p, name);
	struct str buffer = { 0 }, block = { 0 };
	bool fine;

	if (old.n == 0 && new.n == 0)
		return true;
	cache_block_begin(&block, name);
	merge(r, read_block(p, name, old, &buffer), new, &block);
	cache_block_end(&block, 0);
	fine = replace_block(p, name, str_view(&block), old);
	str_free(&buffer);
	str_free(&block);
	return fine;
}

void
cache_remove(const struct records *r, uint32_t mailbox, uint32_t chunk)
{
	struct cache_name name = { .chunk = chunk };
	bool fine = true;
	struct pair p;

	if (!open_pair(mailbox, O_RDWR, &p))
		return;
	name.id = p.id;
	for (name.kind = 0; fine && name.kind < CACHE_KINDS; name.kind++)
		fine = change_block(&p, r, name, VIEW_NONE);
	close_pair(&p);
	if (!fine)
		cache_drop(mailbox);
}

/* ---- messages ---- */

/* The mailbox of an open handle, if it can be used at once. What others keep
 * would be believed by its owner: only his sessions may. */
static struct mailbox *
mailbox_at_once(struct channel *c, uint32_t handle, bool keep)
{
	struct handle *h = handle_find(link_of(c), handle);
	bool may = h != NULL && (h->rights & RIGHT_READ) &&
	    (!keep || h->reader == NULL);
	struct mailbox *mb = may ? h->mb : NULL;

	return mb != NULL && mb->ready && mb->loaded && !mb->stale &&
		!mb->deleted ? mb : NULL;
}

void
cache_open(struct channel *c, uint32_t tag, struct msg_cache_open *m)
{
	struct message reply = { .type = MSG_cache_files, .tag = tag };
	struct mailbox *mb = mailbox_at_once(c, m->handle, false);
	struct pair p = { -1, -1, 0 };

	if (mb != NULL)
		open_pair(mb->h.mailbox, O_RDONLY, &p);
	reply.cache_files = (struct msg_cache_files){ .id = p.id,
		.drops = mb != NULL ? drops[mb->h.mailbox % COUNTERS] : 0,
		.slots = p.slots, .blocks = p.blocks };
	channel_send(c, &reply);
}

/* Ascending, each of some length and no more. */
static bool
is_fine(struct view records)
{
	struct view what;
	uint32_t uid, before = 0;

	while (records.n > 0) {
		if (!cache_record_take(&records, &uid, &what) || uid <= before ||
		    what.n > CACHE_RECORD_MAX)
			return false;
		before = uid;
	}
	return true;
}

/* The records of the first chunk, taken from the front. */
static struct view
take_chunk(struct view *records, uint32_t *chunk)
{
	struct view all = *records, rest = all, what;
	uint32_t uid;

	*chunk = kv_read_u32(all.p) / CACHE_CHUNK;
	while (cache_record_take(&rest, &uid, &what) && uid / CACHE_CHUNK == *chunk)
		*records = rest;
	all.n -= records->n;
	return all;
}

static void
keep_all(const struct mailbox *mb, enum cache_kind kind, struct view records)
{
	struct cache_name name = { .kind = kind };
	bool fine = true;
	struct pair p;

	if (!open_pair(mb->h.mailbox, O_RDWR, &p) &&
	    !make_pair(mb->h.mailbox, &p))
		return;
	name.id = p.id;
	while (fine && records.n > 0) {
		struct view chunk = take_chunk(&records, &name.chunk);

		fine = change_block(&p, &mb->records, name, chunk);
	}
	close_pair(&p);
	if (!fine)
		cache_drop(mb->h.mailbox);
}

void
cache_keep(struct channel *c, uint32_t tag UNUSED, struct msg_cache_keep *m)
{
	struct mailbox *mb = mailbox_at_once(c, m->handle, true);
	struct why none;

	if (mb != NULL && m->kind < CACHE_KINDS && is_fine(m->records) &&
	    m->drops == drops[mb->h.mailbox % COUNTERS] &&
	    trouble_space(&none))
		keep_all(mb, m->kind, m->records);
}
