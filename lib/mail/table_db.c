/* SPDX-License-Identifier: ISC */
/*
 * table_db - the databases that postmap and postalias make: "hash" and "btree"
 *
 * All of it is read at once (lib/mail/db_file.h) and sorted, so no question ever
 * depends on a file that changes meanwhile, and a damaged one gives no table. A
 * key or a value may have a NUL at its end, as those of Postfix have. Keys are
 * asked for in lower case, which is how Postfix writes them.
 */
#include <stdlib.h>

#include "lib/mail/db_file.h"
#include "lib/mail/table.h"
#include "lib/mail/utf8.h"

#define FILE_MOST	((size_t)256 << 20)

struct entry {
	struct view key, value;
};

struct db {
	struct arena arena;	/* what is larger than a page */
	struct entry *entry;
	size_t n, cap;
};

static struct view
without_end(struct view v)
{
	return (struct view){ v.p, v.n - (v.n > 0 && v.p[v.n - 1] == '\0') };
}

/* Damage shows as what nobody writes into such a file. */
static bool
is_text(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (((unsigned char)v.p[i] < ' ' && v.p[i] != '\t') ||
		    v.p[i] == 127)
			return false;
	return utf8_valid(v);
}

/* What postalias writes for NIS, which is no alias. */
static bool
is_note(struct view key)
{
	return view_is(key, "@") || view_starts(key, VIEW_LIT("YP_"));
}

static bool
add(void *arg, struct view key, struct view value, struct str *wrong)
{
	struct db *db = arg;

	if (is_note(without_end(key)))
		return true;
	if (db->n == TABLE_ENTRIES_MAX)
		str_addf(wrong, "there are more than %d entries",
		    TABLE_ENTRIES_MAX);
	else if (!is_text(without_end(key)) || !is_text(without_end(value)))
		str_adds(wrong, "a key or a value is no text");
	if (wrong->n > 0)
		return false;
	db->entry = xgrow(db->entry, db->n, &db->cap, sizeof(*db->entry));
	db->entry[db->n++] = (struct entry){ without_end(key),
		without_end(value) };
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return view_cmp(x->key, y->key);
}

static void
db_close(void *table)
{
	struct db *db = table;

	arena_reset(&db->arena);
	free(db->entry);
	free(db);
}

static void
judge(const struct db *db, const struct table_sink *sink)
{
	for (size_t i = 0; sink->judge != NULL && i < db->n; i++) {
		const struct entry *e = &db->entry[i];
		const char *wrong = sink->judge(e->key, e->value);
		struct str sentence = { 0 };

		if (wrong == NULL)
			continue;
		str_addf(&sentence, "%.*s: %s", VIEW(e->key), wrong);
		sink->complain(sink->arg, 0, str_c(&sentence));
		str_free(&sentence);
	}
}

static void *
open_kind(enum db_file_kind kind, struct view text,
    const struct table_sink *sink)
{
	struct db *db = xcalloc(1, sizeof(*db));
	const struct db_file_sink pairs = { add, db };
	struct str wrong = { 0 };

	if (db_file_read(text, kind, &db->arena, &pairs, &wrong)) {
		if (db->n > 0)
			qsort(db->entry, db->n, sizeof(*db->entry), compare);
		judge(db, sink);
	} else {
		sink->complain(sink->arg, 0, str_c(&wrong));
		db_close(db);
		db = NULL;
	}
	str_free(&wrong);
	return db;
}

static void *
hash_open(struct view text, const struct table_sink *sink)
{
	return open_kind(DB_FILE_HASH, text, sink);
}

static void *
btree_open(struct view text, const struct table_sink *sink)
{
	return open_kind(DB_FILE_BTREE, text, sink);
}

static enum table_answer
db_get(const void *table, struct view key, struct str *value, size_t *line)
{
	const struct db *db = table;
	struct str lower = { 0 };
	struct entry wanted, *found = NULL;

	for (size_t i = 0; i < key.n; i++)
		str_addc(&lower, to_lower(key.p[i]));
	wanted.key = str_view(&lower);
	if (db->n > 0)
		found = bsearch(&wanted, db->entry, db->n, sizeof(*db->entry),
		    compare);
	str_free(&lower);
	*line = 0;
	if (found == NULL)
		return TABLE_NONE;
	str_add(value, found->value);
	return TABLE_FOUND;
}

const struct table_kind table_hash = { .name = "hash", .open = hash_open,
	.get = db_get, .close = db_close, .suffix = ".db", .by_key = true,
	.most = FILE_MOST };
const struct table_kind table_btree = { .name = "btree", .open = btree_open,
	.get = db_get, .close = db_close, .suffix = ".db", .by_key = true,
	.most = FILE_MOST };
