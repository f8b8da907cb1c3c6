/* SPDX-License-Identifier: ISC */
/*
 * text_index - two environments that take turns
 *
 * DIR/current is in use, DIR/new is being filled; commit closes both, renames
 * and opens again. A leftover DIR/new is thrown away by the next begin. The
 * meta table holds the stamp and the note; without them current counts as
 * empty, whatever it holds.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/text_index.h"

/* Entries that one transaction takes in. */
#define BATCH 8192
/* Of pages, while keys of a million lines come in any order: with the usual
 * cache each of them would be a page to read and one to write. */
#define CACHE_MAKING (128U << 20)

enum { TABLE_ENTRIES, TABLE_META };

struct text_index {
	char *current, *next; /* directories */
	struct kv *kv, *making;
	size_t batch;
	struct str stamp, note;
	struct why why;
};

static const char *const tables[] = { "entries", "meta", NULL };

static struct kv *
environment_open(const char *dir, size_t cache, struct why *w)
{
	const struct kv_options o = { .tables = tables, .cache = cache };

	return kv_open(dir, &o, w);
}

/* An environment is a directory of files only. */
static bool
environment_remove(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool ok = true;

	if (d == NULL)
		return errno == ENOENT;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			ok &= unlinkat(dirfd(d), e->d_name, 0) == 0;
	closedir(d);
	return ok && rmdir(dir) == 0;
}

static void
meta_read(struct kv *kv, const char *name, struct str *out)
{
	struct view v;

	str_reset(out);
	if (kv_get(kv_table(kv, TABLE_META), view_of(name), &v) == KV_FOUND)
		str_add(out, v);
}

/* Open what is in use and see what it was made from. */
static bool
current_open(struct text_index *t)
{
	t->kv = environment_open(t->current, 0, &t->why);
	if (t->kv == NULL)
		return false;
	meta_read(t->kv, "stamp", &t->stamp);
	meta_read(t->kv, "note", &t->note);
	return true;
}

struct text_index *
text_index_open(const char *dir, struct why *w)
{
	struct text_index *t = xcalloc(1, sizeof(*t));
	struct str path = { 0 };

	str_addf(&path, "%s/current", dir);
	t->current = xstrdup(path.p);
	str_reset(&path);
	str_addf(&path, "%s/new", dir);
	t->next = xstrdup(path.p);
	str_free(&path);
	if (!current_open(t)) {
		*w = t->why;
		text_index_close(&t);
	}
	return t;
}

void
text_index_close(struct text_index **tp)
{
	struct text_index *t = *tp;

	if (t == NULL)
		return;
	text_index_abort(t);
	kv_close(&t->kv);
	str_free(&t->stamp);
	str_free(&t->note);
	free(t->current);
	free(t->next);
	free(t);
	*tp = NULL;
}

void
text_index_stamp(const char *path, struct str *out)
{
	struct stat st;

	str_adds(out, path);
	if (stat(path, &st) < 0) {
		str_addf(out, " error %d\n", errno);
		return;
	}
	str_addf(out, " %llx %llu %lld %lld.%09ld %lld.%09ld\n",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
	    (long long)st.st_size, (long long)st.st_mtim.tv_sec,
	    st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec,
	    st.st_ctim.tv_nsec);
}

bool
text_index_is_current(const struct text_index *t, struct view stamp)
{
	return t->kv != NULL && t->stamp.n > 0 &&
	       view_eq(str_view(&t->stamp), stamp);
}

struct kv_table *
text_index_table(struct text_index *t)
{
	return t->kv ? kv_table(t->kv, TABLE_ENTRIES) : NULL;
}

struct view
text_index_note(const struct text_index *t)
{
	return str_view(&t->note);
}

bool
text_index_begin(struct text_index *t)
{
	text_index_abort(t);
	if (!environment_remove(t->next))
		return why_errno(&t->why, "The old index cannot be removed");
	t->making = environment_open(t->next, CACHE_MAKING, &t->why);
	if (t->making == NULL)
		return false;
	t->batch = 0;
	return kv_begin(t->making) || kv_why(t->making, &t->why);
}

static bool
batch_end(struct text_index *t)
{
	t->batch = 0;
	return (kv_commit(t->making) && kv_begin(t->making)) ||
	       kv_why(t->making, &t->why);
}

enum kv_result
text_index_add(struct text_index *t, struct view key, struct view value)
{
	struct kv_table *table = kv_table(t->making, TABLE_ENTRIES);
	struct view old;
	enum kv_result r = kv_get(table, key, &old);

	if (r == KV_FOUND)
		return r;
	if (r == KV_TROUBLE || !kv_put(table, key, value)) {
		kv_why(t->making, &t->why);
		return KV_TROUBLE;
	}
	if (++t->batch >= BATCH && !batch_end(t))
		return KV_TROUBLE;
	return KV_NONE;
}

/* The new environment takes the place of the old one. */
static bool
take_over(struct text_index *t)
{
	kv_close(&t->kv);
	str_reset(&t->stamp);
	if (!environment_remove(t->current) || rename(t->next, t->current) < 0)
		return why_errno(&t->why, "The index cannot be replaced");
	return current_open(t);
}

bool
text_index_commit(struct text_index *t, struct view stamp, struct view note)
{
	struct kv_table *meta = kv_table(t->making, TABLE_META);

	if (!kv_put(meta, VIEW_LIT("stamp"), stamp) ||
	    !kv_put(meta, VIEW_LIT("note"), note) || !kv_commit(t->making) ||
	    !kv_flush(t->making)) {
		kv_why(t->making, &t->why);
		text_index_abort(t);
		return false;
	}
	kv_close(&t->making);
	return take_over(t);
}

void
text_index_abort(struct text_index *t)
{
	kv_close(&t->making);
}

void
text_index_why(const struct text_index *t, struct why *w)
{
	*w = t->why;
}
