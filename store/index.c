/* SPDX-License-Identifier: ISC */
/*
 * index - writing and reading the rows
 *
 * A chunk of 32 records is one row: setting a flag on 100,000 messages rewrites
 * 3,125 rows, and a delivery logs no more than the octets it adds to its row.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/message.h"
#include "store/index.h"

#define HEADER_FORM  4
#define HEADER_FIXED 74
#define AGAIN_MS    600000 /* damaged twice within this: condemned */

static const char *const table_names[] = { "mailbox", "records", "delivered",
	"gone", "folders", "working", "about", "vanished", "cache",
	"attributes", "seen", "shared", "held", NULL };

/* Octets of a header before its keywords, by form: 1 was without what vanished,
 * 2 without marks, 3 without the octets of \Deleted. */
static const size_t header_fixed[] = { 0, 50, 62, 66, HEADER_FIXED };

static struct {
	struct kv *k;
	bool writing; /* a transaction is open */
	uint64_t openings;
	char *dir, *host;
	size_t cache;
	uint32_t next_mailbox;
	uint64_t born;
} index_state;

/* The number that an index gets when it is made. */
static enum kv_result
read_born(void)
{
	struct kv_key key = index_key_about("born", VIEW_NONE);
	struct view v;
	enum kv_result r = index_get(INDEX_ABOUT, &key, &v);
	char p[8];

	if (r == KV_FOUND && v.n == sizeof(p))
		index_state.born = kv_read_u64(v.p);
	else if (r != KV_TROUBLE) {
		arc4random_buf(p, sizeof(p));
		index_state.born = kv_read_u64(p);
		index_put(INDEX_ABOUT, &key, view_bytes(p, sizeof(p)));
	}
	return r;
}

static bool
read_about(const char *host)
{
	struct kv_key key = index_key_about("host", VIEW_NONE);
	struct view v;
	enum kv_result r = index_get(INDEX_ABOUT, &key, &v);
	struct str text = { 0 };

	if (r == KV_TROUBLE)
		return false;
	if (r == KV_NONE) {
		index_put(INDEX_ABOUT, &key, view_of(host));
		v = view_of(host);
	}
	str_add(&text, v);
	free(index_state.host);
	index_state.host = xstrdup(str_c(&text));
	str_free(&text);
	key = index_key_about("next", VIEW_NONE);
	index_state.next_mailbox = 1;
	r = index_get(INDEX_ABOUT, &key, &v);
	if (r == KV_FOUND && v.n == 4)
		index_state.next_mailbox = kv_read_u32(v.p);
	return r != KV_TROUBLE && read_born() != KV_TROUBLE;
}

static bool
open_now(struct why *w)
{
	struct kv_options o = { .tables = table_names,
		.cache = index_state.cache,
		.log_buffer = 4 << 20 };
	char *host = xstrdup(index_state.host);
	bool ok;

	index_state.writing = false;
	index_state.k = kv_open(index_state.dir, &o, w);
	ok = index_state.k != NULL;
	if (ok && !read_about(host)) {
		index_why(w);
		ok = false;
	}
	free(host);
	index_state.openings += ok;
	return ok;
}

uint64_t
index_openings(void)
{
	return index_state.openings;
}

bool
index_open(const char *dir, size_t cache, const char *host, struct why *w)
{
	free(index_state.dir);
	free(index_state.host);
	index_state.dir = xstrdup(dir);
	index_state.host = xstrdup(host);
	index_state.cache = cache;
	return open_now(w);
}

void
index_close(void)
{
	if (index_state.k != NULL && !index_broken()) {
		index_commit();
		index_flush();
	}
	kv_close(&index_state.k);
}

bool
index_broken(void)
{
	return index_state.k == NULL || kv_is_broken(index_state.k);
}

/* Recovery helps against most; against a damaged page only a new index. */
static bool
damaged_again(void)
{
	static int64_t last = INT64_MIN / 2;
	int64_t now = clock_ms(), before = last;

	last = now;
	return now - before < AGAIN_MS;
}

bool
index_reopen(struct why *w)
{
	if (index_state.k != NULL) {
		index_why(w);
		log_error("index", "broken reason=\"%s\"", w->text);
		if (kv_is_damaged(index_state.k) && damaged_again())
			kv_condemn(index_state.k);
		kv_close(&index_state.k);
	}
	return open_now(w);
}

void
index_why(struct why *w)
{
	if (index_state.k == NULL)
		why_later(w, "3.0", "The index is not open");
	else
		kv_why(index_state.k, w);
}

const char *
index_dir(void)
{
	return index_state.dir;
}

const char *
index_host(void)
{
	return index_state.host;
}

uint64_t
index_born(void)
{
	return index_state.born;
}

bool
index_commit(void)
{
	bool had = index_state.writing;

	index_state.writing = false;
	if (had && !index_broken())
		kv_commit(index_state.k);
	return had;
}

bool
index_flush(void)
{
	return index_state.k != NULL && kv_flush(index_state.k);
}

uint64_t
index_log_grown(void)
{
	return index_state.k ? kv_log_grown(index_state.k) : 0;
}

bool
index_checkpoint(void)
{
	return index_state.k != NULL && kv_checkpoint(index_state.k);
}

/*
 * Rows of any table
 */

static bool
writable(void)
{
	if (index_broken())
		return false;
	if (!index_state.writing)
		index_state.writing = kv_begin(index_state.k);
	return index_state.writing;
}

enum kv_result
index_get(enum index_table t, const struct kv_key *k, struct view *v)
{
	if (index_broken())
		return KV_TROUBLE;
	return kv_get(kv_table(index_state.k, t), kv_key_view(k), v);
}

void
index_put(enum index_table t, const struct kv_key *k, struct view v)
{
	must(!k->full);
	if (writable())
		kv_put(kv_table(index_state.k, t), kv_key_view(k), v);
}

void
index_delete(enum index_table t, const struct kv_key *k)
{
	if (writable())
		kv_delete(kv_table(index_state.k, t), kv_key_view(k));
}

void
index_delete_all(enum index_table t, const struct kv_key *prefix)
{
	if (writable())
		kv_delete_prefix(
		    kv_table(index_state.k, t), kv_key_view(prefix), NULL);
}

enum kv_result
index_each(enum index_table t, const struct kv_key *prefix,
    bool (*f)(void *arg, struct view key, struct view value), void *arg)
{
	if (index_broken())
		return KV_TROUBLE;
	return kv_each(kv_table(index_state.k, t), kv_key_view(prefix), f, arg);
}

static bool
stop(void *arg UNUSED, struct view key UNUSED, struct view value UNUSED)
{
	return false;
}

bool
index_has_rows(enum index_table t, uint32_t mailbox)
{
	struct kv_key key = index_key_number(mailbox);

	return index_each(t, &key, stop, NULL) == KV_FOUND;
}

/*
 * Keys
 */

struct kv_key
index_key_mailbox(struct view user, struct view name)
{
	struct kv_key k = { .n = 0 };

	kv_key_tail(kv_key_text(&k, user), name);
	return k;
}

struct kv_key
index_key_user(struct view user)
{
	return index_key_mailbox(user, VIEW_NONE);
}

struct kv_key
index_key_uid(uint32_t mailbox, uint32_t uid)
{
	struct kv_key k = { .n = 0 };

	kv_key_u32(kv_key_u32(&k, mailbox), uid);
	return k;
}

struct kv_key
index_key_number(uint32_t mailbox)
{
	struct kv_key k = { .n = 0 };

	kv_key_u32(&k, mailbox);
	return k;
}

struct kv_key
index_key_modseq(uint32_t mailbox, uint64_t modseq)
{
	struct kv_key k = { .n = 0 };

	kv_key_u64(kv_key_u32(&k, mailbox), modseq);
	return k;
}

struct kv_key
index_key_delivered(uint64_t mail, uint32_t rcpt)
{
	struct kv_key k = { .n = 0 };

	kv_key_u32(kv_key_u64(&k, mail), rcpt);
	return k;
}

struct kv_key
index_key_folder(struct view user, char kind, struct view name)
{
	struct kv_key k = { .n = 0 };

	kv_key_tail(kv_key_u8(kv_key_text(&k, user), (uint8_t)kind), name);
	return k;
}

struct kv_key
index_key_about(const char *what, struct view of)
{
	struct kv_key k = { .n = 0 };

	kv_key_tail(kv_key_text(&k, view_of(what)), of);
	return k;
}

/*
 * Headers
 */

static bool
keywords_fit(struct view list)
{
	size_t n;

	return list_ok(list, &n) && n <= HEADER_KEYWORDS;
}

/* 0: no form that we know. */
static size_t
form_fixed(struct view row)
{
	unsigned form = row.n > 0 ? (unsigned char)row.p[0] : 0;

	return form < nitems(header_fixed) ? header_fixed[form] : 0;
}

uint32_t
header_marks(struct view v)
{
	return form_fixed(v) > 62 && v.n >= 66 ? kv_read_u32(v.p + 62) : 0;
}

bool
header_read(struct view v, struct header *h)
{
	size_t fixed = form_fixed(v);

	if (fixed == 0 || v.n < fixed || !keywords_fit(view_skip(v, fixed)))
		return false;
	h->known = v.p[1] != 0;
	h->mailbox = kv_read_u32(v.p + 2);
	h->uidvalidity = kv_read_u32(v.p + 6);
	h->uidnext = kv_read_u32(v.p + 10);
	h->first_recent = kv_read_u32(v.p + 14);
	h->count = kv_read_u32(v.p + 18);
	h->unseen = kv_read_u32(v.p + 22);
	h->deleted = kv_read_u32(v.p + 26);
	h->recent = kv_read_u32(v.p + 30);
	h->modseq = kv_read_u64(v.p + 34);
	h->octets = kv_read_u64(v.p + 42);
	h->vanished_from = fixed > 50 ? kv_read_u64(v.p + 50) : h->modseq;
	h->vanished_rows = fixed > 50 ? kv_read_u32(v.p + 58) : 0;
	h->marks = fixed > 62 ? kv_read_u32(v.p + 62) : 0;
	h->deleted_octets = fixed > 66 ? kv_read_u64(v.p + 66) :
			    h->deleted ? INDEX_UNKNOWN :
					 0;
	str_reset(&h->keywords);
	str_add(&h->keywords, view_skip(v, fixed));
	return true;
}

enum kv_result
index_header(struct view user, struct view name, struct header *h)
{
	struct kv_key key = index_key_mailbox(user, name);
	struct view v;
	enum kv_result r =
	    key.full ? KV_NONE : index_get(INDEX_MAILBOX, &key, &v);

	return r == KV_FOUND && !header_read(v, h) ? KV_TROUBLE : r;
}

void
index_put_header(struct view user, struct view name, const struct header *h)
{
	struct kv_key key = index_key_mailbox(user, name);
	struct str row = { 0 };
	char p[HEADER_FIXED] = { HEADER_FORM, h->known };

	kv_write_u32(p + 2, h->mailbox);
	kv_write_u32(p + 6, h->uidvalidity);
	kv_write_u32(p + 10, h->uidnext);
	kv_write_u32(p + 14, h->first_recent);
	kv_write_u32(p + 18, h->count);
	kv_write_u32(p + 22, h->unseen);
	kv_write_u32(p + 26, h->deleted);
	kv_write_u32(p + 30, h->recent);
	kv_write_u64(p + 34, h->modseq);
	kv_write_u64(p + 42, h->octets);
	kv_write_u64(p + 50, h->vanished_from);
	kv_write_u32(p + 58, h->vanished_rows);
	kv_write_u32(p + 62, h->marks);
	kv_write_u64(p + 66, h->deleted_octets);
	str_addn(&row, p, sizeof(p));
	str_add(&row, str_view(&h->keywords));
	index_put(INDEX_MAILBOX, &key, str_view(&row));
	str_free(&row);
}

uint32_t
index_mailbox_new(void)
{
	struct kv_key key = index_key_about("next", VIEW_NONE);
	uint32_t number = index_state.next_mailbox++;
	char p[4];

	kv_write_u32(p, index_state.next_mailbox);
	index_put(INDEX_ABOUT, &key, view_bytes(p, sizeof(p)));
	return number;
}

/*
 * Records
 */

void
entry_put(uint8_t *to, const struct entry *e)
{
	uint32_t kind = e->kind == 'R' ? 1 :
			e->kind == 'A' ? 2 :
			e->kind == 'C' ? 3 :
					 0;

	record_put(to, &e->r);
	kv_write_u32((char *)to + RECORD_SIZE, e->letters);
	kv_write_u32((char *)to + RECORD_SIZE + 4, kind << 30 | e->number);
}

void
entry_get(const uint8_t *from, struct entry *e)
{
	static const uint8_t kinds[] = { 0, 'R', 'A', 'C' };
	uint32_t word = kv_read_u32((const char *)from + RECORD_SIZE + 4);

	record_get(from, &e->r);
	e->letters = kv_read_u32((const char *)from + RECORD_SIZE);
	e->kind = kinds[word >> 30];
	e->number = word & (UINT32_MAX >> 2);
}

void
index_append(uint32_t mailbox, const struct entry *e)
{
	struct kv_key key = index_key_uid(mailbox, e->r.uid / CHUNK_RECORDS);
	uint8_t row[CHUNK_RECORDS * ENTRY_SIZE];
	struct view v = VIEW_NONE;

	if (index_get(INDEX_RECORDS, &key, &v) == KV_TROUBLE)
		return;
	if (v.n > sizeof(row) - ENTRY_SIZE || v.n % ENTRY_SIZE != 0) {
		kv_condemn(index_state.k);
		return;
	}
	if (v.n > 0)
		memcpy(row, v.p, v.n);
	entry_put(row + v.n, e);
	index_put(INDEX_RECORDS, &key, view_bytes(row, v.n + ENTRY_SIZE));
}

void
index_put_chunk(uint32_t mailbox, uint32_t chunk, struct view entries)
{
	struct kv_key key = index_key_uid(mailbox, chunk);

	if (entries.n == 0)
		index_delete(INDEX_RECORDS, &key);
	else
		index_put(INDEX_RECORDS, &key, entries);
}

void
index_forget(uint32_t mailbox)
{
	struct kv_key key = index_key_number(mailbox);

	index_delete_all(INDEX_RECORDS, &key);
	index_delete_all(INDEX_GONE, &key);
	index_delete_all(INDEX_WORKING, &key);
	index_delete_all(INDEX_VANISHED, &key);
	index_delete_all(INDEX_ATTRIBUTES, &key);
	index_delete_all(INDEX_SEEN, &key);
}
