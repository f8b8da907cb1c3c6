/* SPDX-License-Identifier: ISC */
/*
 * mail_db_file - databases that the library makes, whole and damaged
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <db.h>

#include "lib/base/file.h"
#include "lib/base/kv_map.h"
#include "lib/mail/table.h"

static char dir[] = "/tmp/mail-db-XXXXXX";
static char path[sizeof(dir) + 8];

/* How a file is made. */
struct make {
	const struct table_kind *kind;
	int entries;
	int octets;		/* of a value */
	int page;		/* 0: what the library thinks */
	bool big_endian, removed;
};

static const struct make makes[] = {
	{ &table_hash, 0, 0, 0, false, false },
	{ &table_btree, 0, 0, 0, false, false },
	{ &table_hash, 5, 10, 0, false, false },
	{ &table_btree, 5, 10, 0, false, false },
	{ &table_hash, 3000, 20, 512, false, false },
	{ &table_btree, 3000, 20, 512, false, false },
	{ &table_hash, 500, 20, 0, true, true },
	{ &table_btree, 500, 20, 0, true, true },
	{ &table_hash, 40, 9000, 0, false, true },
	{ &table_btree, 40, 9000, 0, false, true },
	{ &table_btree, 20000, 5, 512, true, true },
};

static void
name_key(char key[64], int i)
{
	snprintf(key, 64, "user%d@example.org", i);
}

static DBT
dbt_of(char *p)
{
	DBT d;

	memset(&d, 0, sizeof(d));
	d.data = p;
	d.size = (uint32_t)strlen(p) + 1;
	return d;
}

static void
put(DB *db, int i, int octets)
{
	char key[64], *value = xmalloc((size_t)octets + 20);
	DBT k, v;

	name_key(key, i);
	memset(value, 'x', (size_t)octets);
	snprintf(value + octets, 20, "%d", i);
	k = dbt_of(key);
	v = dbt_of(value);
	assert_int_equal(db->put(db, NULL, &k, &v, 0), 0);
	free(value);
}

static void
make_file(const struct make *m, struct str *text)
{
	DB *db;

	unlink(path);
	assert_int_equal(db_create(&db, NULL, 0), 0);
	if (m->page > 0)
		assert_int_equal(db->set_pagesize(db, (uint32_t)m->page), 0);
	if (m->big_endian)
		assert_int_equal(db->set_lorder(db, 4321), 0);
	if (m->kind == &table_hash)	/* as postmap expects many */
		assert_int_equal(db->set_h_nelem(db, 4096), 0);
	assert_int_equal(db->open(db, NULL, path, NULL,
	    m->kind == &table_hash ? DB_HASH : DB_BTREE, DB_CREATE, 0600), 0);
	for (int i = 0; i < m->entries; i++)
		put(db, i, m->octets);
	for (int i = 0; m->removed && i < m->entries; i += 7) {
		char key[64];
		DBT k;

		name_key(key, i);
		k = dbt_of(key);
		assert_int_equal(db->del(db, NULL, &k, 0), 0);
	}
	assert_int_equal(db->close(db, 0), 0);
	assert_true(file_read(AT_FDCWD, path, 1 << 28, text));
}

static void
note(void *arg, size_t line, const char *sentence)
{
	struct str *said = arg;

	assert_int_equal(line, 0);
	str_reset(said);
	str_adds(said, sentence);
}

/* Not NULL, or said is why. The text is in memory of exactly its size. */
static void *
open_table(const struct table_kind *kind, struct view text, struct str *said)
{
	const struct table_sink sink = { note, said, NULL };

	str_reset(said);
	return kind->open(text, &sink);
}

static void
test_whole(void **state UNUSED)
{
	for (size_t n = 0; n < nitems(makes); n++) {
		const struct make *m = &makes[n];
		struct str text = { 0 }, said = { 0 };
		void *t;

		make_file(m, &text);
		t = open_table(m->kind, str_view(&text), &said);
		if (t == NULL)
			fail_msg("%zu: %s", n, str_c(&said));
		for (int i = 0; i <= m->entries; i++) {
			struct str value = { 0 };
			char key[64], end[20];
			size_t line;
			bool there = i < m->entries &&
			    (!m->removed || i % 7 != 0);

			name_key(key, i);
			key[0] = 'U';
			assert_int_equal(m->kind->get(t, view_of(key), &value,
			    &line), there ? TABLE_FOUND : TABLE_NONE);
			snprintf(end, sizeof(end), "%d", i);
			if (there) {
				assert_int_equal(value.n, (size_t)m->octets +
				    strlen(end));
				assert_true(view_ends(str_view(&value),
				    view_of(end)));
			}
			str_free(&value);
		}
		m->kind->close(t);
		str_free(&text);
		str_free(&said);
	}
}

/* One that is cut anywhere, or of the other kind, is none. */
static void
test_cut(void **state UNUSED)
{
	struct str text = { 0 }, said = { 0 };

	for (size_t n = 2; n < 6; n++) {
		const struct make *m = &makes[n];

		str_reset(&text);
		make_file(m, &text);
		assert_null(open_table(m->kind == &table_hash ? &table_btree :
		    &table_hash, str_view(&text), &said));
		for (size_t cut = 0; cut < text.n; cut += 1 + text.n / 50) {
			char *copy = xmalloc(cut + 1);

			memcpy(copy, text.p, cut);
			assert_null(open_table(m->kind, view_bytes(copy, cut),
			    &said));
			assert_true(said.n > 0);
			free(copy);
		}
	}
	assert_null(open_table(&table_hash, VIEW_LIT("root: alice\n"), &said));
	str_free(&text);
	str_free(&said);
}

/* What is damaged is refused, or has what can be read of it; it never leads out
 * of the text, and never turns on itself. */
static void
test_damage(void **state UNUSED)
{
	struct str text = { 0 }, said = { 0 };
	unsigned refused;

	srandom(1);
	for (size_t n = 2; n < 10; n++) {
		str_reset(&text);
		make_file(&makes[n], &text);
		refused = 0;
		for (int i = 0; i < 300; i++) {
			char *copy = xmalloc(text.n);
			long damages = 1 + random() % 8;
			void *t;

			memcpy(copy, text.p, text.n);
			for (long k = 0; k < damages; k++) {
				/* half of it where pages begin */
				size_t at = (size_t)random() % text.n;

				if (random() % 2 == 0)
					at = at / 512 * 512 + at % 64;
				copy[at] = (char)(copy[at] ^
				    1 << random() % 8);
			}
			t = open_table(makes[n].kind,
			    view_bytes(copy, text.n), &said);
			refused += t == NULL;
			assert_true((t == NULL) == (said.n > 0));
			if (t != NULL)
				makes[n].kind->close(t);
			free(copy);
		}
		assert_true(refused > 30);
	}
	str_free(&text);
	str_free(&said);
}

/* Each of these is noticed, by what stands there. */
static void
test_known_damage(void **state UNUSED)
{
	static const struct {
		size_t make, at;
		unsigned char octet;
		const char *sentence;
	} cases[] = {
		{ 2, 12, 0, "page 0: this is no database of this kind" },
		{ 2, 16, 77, "page 0: the database is of a version, or has "
		    "options, that are not read here" },
		{ 2, 26, 1, "page 0: the database is of a version, or has "
		    "options, that are not read here" },
		{ 2, 21, 17, "page 0: the size of pages is none" },
		{ 2, 32, 99, "page 0: the file is cut" },
		{ 2, 73, 9, "page 0: there are more buckets than pages" },
		{ 2, 92, 0, "page 0: it has another hash function" },
		{ 2, 4096 + 8, 9, "page 1: has another page's number" },
		{ 2, 4096 + 16, 1, "page 1: pages lead in a circle" },
		{ 2, 4096 + 16, 3, "page 1: leads out of the file" },
		{ 2, 4096 + 25, 5, "page 1: is no page of a bucket" },
		{ 2, 4096 + 21, 90, "page 1: has more items than room" },
		{ 2, 4096 + 27, 0xff, "page 1: an item is out of place" },
		{ 3, 88, 7, "page 0: leads out of the file" },
		{ 3, 4096 + 24, 3, "page 1: is no page of the tree" },
		{ 3, 4096 + 12, 3, "page 1: is out of the order of leaves" },
		{ 3, 4096 + 16, 3, "page 1: leads to a leaf that is not in "
		    "the tree" },
		{ 3, 4096 + 20, 5, "page 1: a key has no value" },
	};
	struct str text = { 0 }, said = { 0 };

	for (size_t i = 0; i < nitems(cases); i++) {
		const struct make *m = &makes[cases[i].make];

		str_reset(&text);
		make_file(m, &text);
		assert_true(cases[i].at < text.n);
		text.p[cases[i].at] = (char)cases[i].octet;
		if (open_table(m->kind, str_view(&text), &said) != NULL)
			fail_msg("%zu: %s", i, cases[i].sentence);
		if (strcmp(str_c(&said), cases[i].sentence) != 0)
			fail_msg("%zu: %s, not %s", i, str_c(&said),
			    cases[i].sentence);
	}
	str_free(&text);
	str_free(&said);
}

static const char *
refuse_b(struct view key UNUSED, struct view value)
{
	return view_is(value, "b") ? "is b" : NULL;
}

/* A row that is judged to be wrong is told by its key. */
static void
expect_judged(const struct table_kind *kind, struct view text)
{
	struct str said = { 0 };
	const struct table_sink sink = { note, &said, refuse_b };
	void *t = kind->open(text, &sink);

	assert_non_null(t);
	assert_string_equal(str_c(&said), "a: is b");
	kind->close(t);
	str_free(&said);
}

/* What is written here reads the same, and takes the old one's place. */
static void
test_build(void **state UNUSED)
{
	static const enum kv_map_kind kinds[] = { KV_MAP_HASH, KV_MAP_BTREE };

	for (size_t i = 0; i < nitems(kinds); i++) {
		const struct table_kind *k = i == 0 ? &table_hash :
						      &table_btree;
		struct str text = { 0 }, said = { 0 }, value = { 0 };
		struct kv_map *m;
		struct why w;
		size_t line;
		void *t;

		assert_true(file_replace(AT_FDCWD, path, VIEW_LIT("old"),
		    0600));
		m = kv_map_new(path, kinds[i], 0640, &w);
		assert_non_null(m);
		assert_int_equal(kv_map_put(m, VIEW_LIT("a"), VIEW_LIT("b"),
		    &w), KV_NONE);
		kv_map_abort(&m);
		assert_true(file_read(AT_FDCWD, path, 1 << 20, &text));
		assert_string_equal(str_c(&text), "old");
		m = kv_map_new(path, kinds[i], 0640, &w);
		assert_int_equal(kv_map_put(m, VIEW_LIT("a"), VIEW_LIT("b"),
		    &w), KV_NONE);
		assert_int_equal(kv_map_put(m, VIEW_LIT("a"), VIEW_LIT("c"),
		    &w), KV_FOUND);
		/* notes of postalias are no entries */
		assert_int_equal(kv_map_put(m, VIEW_LIT("@"), VIEW_LIT("@"),
		    &w), KV_NONE);
		assert_int_equal(kv_map_put(m, VIEW_LIT("YP_LAST_MODIFIED"),
		    VIEW_LIT("b"), &w), KV_NONE);
		assert_true(kv_map_commit(&m, &w));
		str_reset(&text);
		assert_true(file_read(AT_FDCWD, path, 1 << 20, &text));
		t = open_table(k, str_view(&text), &said);
		assert_non_null(t);
		assert_int_equal(k->get(t, VIEW_LIT("A"), &value, &line),
		    TABLE_FOUND);
		assert_string_equal(str_c(&value), "b");
		assert_int_equal(k->get(t, VIEW_LIT("@"), &value, &line),
		    TABLE_NONE);
		k->close(t);
		expect_judged(k, str_view(&text));
		str_free(&text);
		str_free(&said);
		str_free(&value);
	}
	assert_null(kv_map_new("/nonexistent/x.db", KV_MAP_HASH, 0600,
	    &(struct why){ .verdict = VERDICT_DONE }));
}

static int
set_up(void **state UNUSED)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/x.db", dir);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_known_damage),
		cmocka_unit_test(test_build),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
