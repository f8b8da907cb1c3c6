/* SPDX-License-Identifier: ISC */
/*
 * kv - the only door to the index engine
 *
 * An environment is a directory that one process owns: several tables of byte
 * strings in the order of memcmp, and a log. Writes happen in transactions;
 * a commit reaches the disk with the next kv_flush(), which covers every
 * commit before it: that is group commit. Opening recovers what a crash left.
 * What cannot be recovered is set aside whole, next to the environment, and an
 * empty one is opened: an index here can always be made again from files, so
 * the caller only has to know that it must (kv_is_empty).
 *
 * One thread does everything; only kv_flush and kv_checkpoint may run in
 * another one, beside it. There is one transaction at a time. The engine is
 * Berkeley DB 5.3 (lib/base/kv.c); nothing of it shows here.
 */
#ifndef BASE_KV_H
#define BASE_KV_H

#include "lib/base/str.h"
#include "lib/base/why.h"

struct kv;
struct kv_table;
struct kv_cursor;

#define KV_TABLES_MOST	16

struct kv_options {
	const char *const *tables;	/* names, closed by NULL */
	size_t cache;			/* bytes of pages kept; 0: 8 MiB */
	size_t log_buffer;		/* 0: 1 MiB; one turn should fit */
	size_t log_file;		/* bytes of one log file; 0: 16 MiB */
};

/* Open the environment in dir, which is made if it is missing. Damage is set
 * aside as <dir>.damaged-<time> and logged. NULL with the reason in w only
 * when the system refuses (no space, no permission). */
struct kv *kv_open(const char *dir, const struct kv_options *o, struct why *w);
/* Flush, checkpoint, close; an open transaction is aborted. Also the way to
 * leave an environment that kv_is_broken(): nothing is written then. */
void kv_close(struct kv **k);
/* The n-th table of the options. Lives as long as the environment. */
struct kv_table *kv_table(struct kv *k, unsigned n);
/* The tables were made by this kv_open: fill them from the files. */
bool kv_is_empty(const struct kv *k);
/* An operation or a flush failed so that memory and disk may differ. Nothing
 * works any more: close, and open again, which recovers what is on disk. */
bool kv_is_broken(const struct kv *k);
/* It is broken by what stands in its files, not by lack of space: condemn it,
 * and the next kv_open sets it aside. */
bool kv_is_damaged(const struct kv *k);
void kv_condemn(struct kv *k);

enum kv_result { KV_NONE, KV_FOUND, KV_TROUBLE };

/* What kv_get and cursors return is borrowed until the next call with the same
 * environment or cursor. Reads see the open transaction's own writes. */
enum kv_result kv_get(struct kv_table *t, struct view key, struct view *value);
/* Outside a transaction each write is one of its own. False: kv_why tells. */
bool kv_put(struct kv_table *t, struct view key, struct view value);
/* True as well when there was nothing. */
bool kv_delete(struct kv_table *t, struct view key);
/* Delete all keys that begin with prefix; counts them if count != NULL. */
bool kv_delete_prefix(struct kv_table *t, struct view prefix, size_t *count);

bool kv_begin(struct kv *k);
bool kv_commit(struct kv *k);
void kv_abort(struct kv *k);
/* Everything committed so far is on disk when this returns true. A failure
 * breaks the environment. Callable from one other thread. */
bool kv_flush(struct kv *k);
/* Write pages out and remove log files no longer needed, so that the next start
 * is quick. Callable from one other thread. */
bool kv_checkpoint(struct kv *k);
/* Bytes logged since the last checkpoint. */
uint64_t kv_log_grown(const struct kv *k);
/* The last failure as LATER: 3.1 when space is missing, 3.0 otherwise. Returns
 * false, for the return statement. */
bool kv_why(const struct kv *k, struct why *w);

/* A consistent copy, openable with kv_open, into an existing empty directory;
 * taken while the environment is in use. */
bool kv_backup(struct kv *k, const char *dir);
/* All of it as text: "table key value", bytes escaped as log_quote does but
 * without a limit of length. */
void kv_dump(struct kv *k, struct str *out);

/* Keys in order, within a prefix. A cursor must be closed before its
 * transaction ends and before the same table is written. */
struct kv_cursor *kv_cursor_open(struct kv_table *t, struct view prefix);
/* First key >= from within the prefix; VIEW_NONE: the first of all. */
enum kv_result kv_cursor_seek(struct kv_cursor *c, struct view from);
enum kv_result kv_cursor_last(struct kv_cursor *c);
enum kv_result kv_cursor_next(struct kv_cursor *c);
enum kv_result kv_cursor_prev(struct kv_cursor *c);
struct view kv_cursor_key(const struct kv_cursor *c);
void kv_cursor_close(struct kv_cursor **c);

/* Call f with each entry below prefix, in order, in few large reads, until it
 * returns false. f must not write. KV_FOUND if f stopped it, else KV_NONE. */
enum kv_result kv_each(struct kv_table *t, struct view prefix,
    bool (*f)(void *arg, struct view key, struct view value), void *arg);

#endif
