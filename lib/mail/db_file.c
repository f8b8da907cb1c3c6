/* SPDX-License-Identifier: ISC */
/*
 * db_file - pages as offsets that are checked before they are followed
 *
 * A file is pages of one size; the first one says which and how many. A page has
 * its number, the next one of its chain, and offsets of its items from its end
 * inwards. A hash file is buckets, each a chain of pages, and a key belongs to
 * one of them by its hash; a btree is a tree, whose leaves are also a chain in
 * which keys ascend. What is larger than a page stands in a chain of its own.
 *
 * The library itself is not asked: it believes what it reads.
 */
#include "lib/mail/db_file.h"

#define META_OCTETS	512
#define HEADER		26	/* octets of a page before the offsets */
#define LARGE_ITEM	12	/* octets of a reference to a chain */
#define INTERNAL_ITEM	12
#define LEVELS_MOST	20
#define DELETED		0x80
#define MAGIC_HASH	0x061561
#define MAGIC_BTREE	0x053162

/* Offsets in the first page, and in every other one. */
enum { AT_MAGIC = 12, AT_VERSION = 16, AT_PAGE_SIZE = 20, AT_ENCRYPTED = 24,
	AT_META_TYPE = 25, AT_META_FLAGS = 26, AT_LAST = 32, AT_FLAGS = 48,
	AT_MAX_BUCKET = 72, AT_HIGH_MASK = 76, AT_LOW_MASK = 80,
	AT_HASHED = 92, AT_SPARES = 96, AT_ROOT = 88 };
enum { AT_NUMBER = 8, AT_PREVIOUS = 12, AT_NEXT = 16, AT_ENTRIES = 20,
	AT_LENGTH = 22, AT_LEVEL = 24, AT_TYPE = 25 };
enum { PAGE_NONE = 0, PAGE_HASH_OLD = 2, PAGE_INTERNAL = 3, PAGE_LEAF = 5,
	PAGE_LARGE = 7, PAGE_HASH = 13 };
enum { ITEM_DATA = 1, ITEM_LARGE = 3 };

struct reader {
	struct view text;
	bool big;		/* the most significant octet comes first */
	size_t page_size;
	uint32_t last, seen;	/* pages: the last one's number, read so far */
	size_t given;		/* octets */
	struct arena *arena;
	const struct db_file_sink *sink;
	struct str *wrong;
	/* hash */
	uint32_t max_bucket, high_mask, low_mask;
	/* btree */
	uint32_t leaf, leaf_next;	/* the last one and what it leads to */
	struct view key;		/* the last one */
	bool any;
};

struct page {
	struct view v;
	uint32_t number, next, entries;
	unsigned type;
};

/* ---- octets ---- */

static unsigned
octet(struct view v, size_t at)
{
	must(at < v.n);
	return (unsigned char)v.p[at];
}

static uint32_t
number(const struct reader *r, struct view v, size_t at, size_t octets)
{
	uint32_t n = 0;

	for (size_t i = 0; i < octets; i++)
		n = n << 8 |
		    octet(v, at + (r->big ? i : octets - 1 - i));
	return n;
}

static uint32_t
u32(const struct reader *r, struct view v, size_t at)
{
	return number(r, v, at, 4);
}

static uint32_t
u16(const struct reader *r, struct view v, size_t at)
{
	return number(r, v, at, 2);
}

static bool
fail(struct reader *r, uint32_t page, const char *sentence)
{
	str_addf(r->wrong, "page %u: %s", page, sentence);
	return false;
}

/* ---- pages ---- */

static struct view
page_octets(const struct reader *r, uint32_t n)
{
	return view_bytes(r->text.p + (size_t)n * r->page_size, r->page_size);
}

/* from: the page that names it. */
static bool
open_page(struct reader *r, uint32_t from, uint32_t n, struct page *p)
{
	if (n == 0 || n > r->last)
		return fail(r, from, "leads out of the file");
	if (++r->seen > r->last)
		return fail(r, n, "pages lead in a circle");
	p->v = page_octets(r, n);
	p->number = n;
	p->next = u32(r, p->v, AT_NEXT);
	p->entries = u16(r, p->v, AT_ENTRIES);
	p->type = octet(p->v, AT_TYPE);
	if (u32(r, p->v, AT_NUMBER) != n && p->type != PAGE_NONE)
		return fail(r, n, "has another page's number");
	return true;
}

/* Where item i begins: behind all offsets. */
static bool
item_at(struct reader *r, const struct page *p, uint32_t i, size_t *at)
{
	size_t first = HEADER + 2 * (size_t)p->entries;

	if (first > p->v.n)
		return fail(r, p->number, "has more items than room");
	*at = u16(r, p->v, HEADER + 2 * (size_t)i);
	return (*at >= first && *at < p->v.n) ||
	       fail(r, p->number, "an item is out of place");
}

/* What is spread over a chain of pages. reference: 12 octets. */
static bool
read_large(struct reader *r, uint32_t from, struct view reference,
    struct view *v)
{
	uint32_t n = u32(r, reference, 4), octets = u32(r, reference, 8);
	struct str all = { 0 };
	struct page p;
	bool ok = octets <= r->text.n;

	while (ok && n != 0) {
		ok = open_page(r, from, n, &p);
		if (ok) {
			size_t length = u16(r, p.v, AT_LENGTH);

			ok = p.type == PAGE_LARGE &&
			    length <= p.v.n - HEADER;
			if (ok)
				str_addn(&all, p.v.p + HEADER, length);
			from = n;
			n = p.next;
		}
	}
	ok = ok && all.n == octets;
	if (!ok && r->wrong->n == 0)
		fail(r, from, "a large item is not whole");
	*v = ok ? arena_view(r->arena, str_view(&all)) : VIEW_NONE;
	str_free(&all);
	return ok;
}

static bool
give(struct reader *r, const struct page *p, struct view key,
    struct view value)
{
	struct str why = { 0 };
	bool ok;

	/* else offsets could give the same octets again and again */
	r->given += key.n + value.n;
	if (r->given > r->text.n)
		return fail(r, p->number, "items lie upon each other");
	ok = r->sink->pair(r->sink->arg, key, value, &why);
	if (!ok)
		fail(r, p->number, str_c(&why));
	str_free(&why);
	return ok;
}

/* ---- hash ---- */

static uint32_t
hash_of(struct view key)
{
	uint32_t h = 0;

	for (size_t i = 0; i < key.n; i++)
		h = h * 16777619 ^ (unsigned char)key.p[i];
	return h;
}

/* An item reaches to where the one before it begins. */
static bool
hash_item(struct reader *r, const struct page *p, uint32_t i, struct view *v)
{
	size_t at, end = p->v.n;

	if (!item_at(r, p, i, &at) || (i > 0 && !item_at(r, p, i - 1, &end)))
		return false;
	if (end <= at)
		return fail(r, p->number, "items are out of order");
	*v = view_bytes(p->v.p + at + 1, end - at - 1);
	if (octet(p->v, at) == ITEM_DATA)
		return true;
	if (octet(p->v, at) != ITEM_LARGE || end - at != LARGE_ITEM)
		return fail(r, p->number, "an item is of no known kind");
	return read_large(r, p->number, view_bytes(p->v.p + at, LARGE_ITEM),
	    v);
}

static bool
read_hash_page(struct reader *r, const struct page *p, uint32_t bucket)
{
	struct view key, value;

	if (p->type == PAGE_NONE && p->entries == 0 && p->next == 0)
		return true;	/* a bucket that was never used */
	if ((p->type != PAGE_HASH && p->type != PAGE_HASH_OLD) ||
	    p->entries % 2 != 0)
		return fail(r, p->number, "is no page of a bucket");
	for (uint32_t i = 0; i < p->entries; i += 2) {
		uint32_t b;

		if (!hash_item(r, p, i, &key) || !hash_item(r, p, i + 1, &value))
			return false;
		b = hash_of(key) & r->high_mask;
		if (b > r->max_bucket)
			b &= r->low_mask;
		if (b != bucket)
			return fail(r, p->number, "a key is in the wrong "
			    "bucket");
		if (!give(r, p, key, value))
			return false;
	}
	return true;
}

static bool
read_bucket(struct reader *r, uint32_t bucket)
{
	uint32_t group = 0, from = 0, n;
	struct page p;

	while ((UINT64_C(1) << group) < (uint64_t)bucket + 1)
		group++;
	n = bucket + u32(r, r->text, AT_SPARES + 4 * (size_t)group);
	do {
		if (!open_page(r, from, n, &p) ||
		    !read_hash_page(r, &p, bucket))
			return false;
		from = n;
		n = p.next;
	} while (n != 0);
	return true;
}

static bool
read_hash(struct reader *r)
{
	static const char known[] = "%$sniglet^&";

	r->max_bucket = u32(r, r->text, AT_MAX_BUCKET);
	r->high_mask = u32(r, r->text, AT_HIGH_MASK);
	r->low_mask = u32(r, r->text, AT_LOW_MASK);
	if (u32(r, r->text, AT_HASHED) !=
	    hash_of(view_bytes(known, sizeof(known))))
		return fail(r, 0, "it has another hash function");
	if (r->max_bucket >= r->last)
		return fail(r, 0, "there are more buckets than pages");
	for (uint32_t b = 0; b <= r->max_bucket; b++)
		if (!read_bucket(r, b))
			return false;
	/* how many keys there are is not told: postmap lets the count begin
	 * with what it expects */
	return true;
}

/* ---- btree ---- */

static bool
leaf_item(struct reader *r, const struct page *p, uint32_t i, struct view *v,
    bool *deleted)
{
	size_t at, octets;
	unsigned type;

	if (!item_at(r, p, i, &at))
		return false;
	if (p->v.n - at < 3)
		return fail(r, p->number, "an item is cut");
	octets = u16(r, p->v, at);
	type = octet(p->v, at + 2);
	*deleted |= (type & DELETED) != 0;
	type &= ~(unsigned)DELETED;
	if (type == ITEM_LARGE && p->v.n - at >= LARGE_ITEM)
		return read_large(r, p->number,
		    view_bytes(p->v.p + at, LARGE_ITEM), v);
	if (type != ITEM_DATA)
		return fail(r, p->number, "an item is of no known kind");
	if (octets > p->v.n - at - 3)
		return fail(r, p->number, "an item is cut");
	*v = view_bytes(p->v.p + at + 3, octets);
	return true;
}

static bool
read_leaf(struct reader *r, const struct page *p)
{
	struct view key, value;

	if (p->entries % 2 != 0)
		return fail(r, p->number, "a key has no value");
	if (u32(r, p->v, AT_PREVIOUS) != r->leaf ||
	    (r->leaf != 0 && r->leaf_next != p->number))
		return fail(r, p->number, "is out of the order of leaves");
	r->leaf = p->number;
	r->leaf_next = p->next;
	for (uint32_t i = 0; i < p->entries; i += 2) {
		bool deleted = false;

		if (!leaf_item(r, p, i, &key, &deleted) ||
		    !leaf_item(r, p, i + 1, &value, &deleted))
			return false;
		if (r->any && view_cmp(r->key, key) >= 0)
			return fail(r, p->number, "keys do not ascend");
		r->any = true;
		r->key = key;
		if (!deleted && !give(r, p, key, value))
			return false;
	}
	return true;
}

/* The next child of a page within the tree. */
static bool
child_of(struct reader *r, const struct page *p, uint32_t i, uint32_t *n)
{
	size_t at;

	if (!item_at(r, p, i, &at))
		return false;
	if (p->v.n - at < INTERNAL_ITEM)
		return fail(r, p->number, "an item is cut");
	*n = u32(r, p->v, at + 4);
	return true;
}

/* Down to the next leaf, and up again when a page has no more children. */
static bool
read_tree(struct reader *r)
{
	struct { struct page page; uint32_t child; } path[LEVELS_MOST];
	uint32_t from = 0, n = u32(r, r->text, AT_ROOT);
	size_t depth = 0;

	for (;;) {
		struct page *p = &path[depth].page;

		if (!open_page(r, from, n, p))
			return false;
		path[depth].child = 0;
		if (depth > 0 && octet(p->v, AT_LEVEL) + 1 !=
		    octet(path[depth - 1].page.v, AT_LEVEL))
			return fail(r, n, "is not at its level");
		if (p->type == PAGE_LEAF && octet(p->v, AT_LEVEL) == 1) {
			if (!read_leaf(r, p))
				return false;
		} else if (p->type == PAGE_INTERNAL &&
		    depth + 1 < LEVELS_MOST) {
			depth++;
		} else {
			return fail(r, n, "is no page of the tree");
		}
		while (depth > 0 && path[depth - 1].child ==
		    path[depth - 1].page.entries)
			depth--;
		if (depth == 0)
			return true;
		p = &path[depth - 1].page;
		from = p->number;
		if (!child_of(r, p, path[depth - 1].child++, &n))
			return false;
	}
}

static bool
read_btree(struct reader *r)
{
	if (!read_tree(r))
		return false;
	return r->leaf_next == 0 ||
	       fail(r, r->leaf, "leads to a leaf that is not in the tree");
}

/* ---- the file ---- */

/* What the first page says. */
static bool
begin(struct reader *r, enum db_file_kind kind)
{
	static const struct {
		uint32_t magic, first, last;	/* versions */
		unsigned type;
	} known[] = {
		[DB_FILE_HASH] = { MAGIC_HASH, 8, 9, 8 },
		[DB_FILE_BTREE] = { MAGIC_BTREE, 8, 9, 9 },
	};
	uint32_t version;

	if (r->text.n < META_OCTETS)
		return fail(r, 0, "the file is too short for a database");
	r->big = u32(r, r->text, AT_MAGIC) != known[kind].magic;
	if (u32(r, r->text, AT_MAGIC) != known[kind].magic)
		return fail(r, 0, "this is no database of this kind");
	version = u32(r, r->text, AT_VERSION);
	if (version < known[kind].first || version > known[kind].last ||
	    octet(r->text, AT_META_TYPE) != known[kind].type ||
	    octet(r->text, AT_ENCRYPTED) != 0 ||
	    octet(r->text, AT_META_FLAGS) != 0 ||
	    u32(r, r->text, AT_FLAGS) != 0)
		return fail(r, 0, "the database is of a version, or has "
		    "options, that are not read here");
	r->page_size = u32(r, r->text, AT_PAGE_SIZE);
	r->last = u32(r, r->text, AT_LAST);
	if (r->page_size < 512 || r->page_size > 65536 ||
	    (r->page_size & (r->page_size - 1)) != 0)
		return fail(r, 0, "the size of pages is none");
	return ((uint64_t)r->last + 1) * r->page_size <= r->text.n ||
	       fail(r, 0, "the file is cut");
}

bool
db_file_read(struct view text, enum db_file_kind kind, struct arena *a,
    const struct db_file_sink *sink, struct str *wrong)
{
	struct reader r = { .text = text, .arena = a, .sink = sink,
		.wrong = wrong, .key = VIEW_NONE };

	return begin(&r, kind) &&
	       (kind == DB_FILE_HASH ? read_hash(&r) : read_btree(&r));
}
