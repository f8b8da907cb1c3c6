/* SPDX-License-Identifier: ISC */
/*
 * store_records - the array in memory and the rows of the index stay alike
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/records.h"

static char dir[64];

static int
index_new(void **state UNUSED)
{
	struct why w;

	snprintf(dir, sizeof(dir), "/tmp/store_records.XXXXXX");
	return mkdtemp(dir) == NULL || !index_open(dir, 0, "host", &w);
}

static int
index_gone(void **state UNUSED)
{
	char command[100];

	index_close();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* What a fresh reader sees is what is in memory. */
static void
same(const struct records *r, uint32_t mailbox)
{
	struct records read = { 0 };

	assert_true(records_load(&read, mailbox));
	assert_int_equal(read.n, r->n);
	for (size_t i = 0; i < r->n; i++) {
		struct entry a, b;

		records_at(r, i, &a);
		records_at(&read, i, &b);
		assert_int_equal(a.r.uid, b.r.uid);
		assert_int_equal(a.r.flags, b.r.flags);
		assert_int_equal(a.r.modseq, b.r.modseq);
		assert_int_equal(a.letters, b.letters);
		assert_int_equal(a.number, b.number);
		assert_int_equal(a.kind, b.kind);
	}
	records_free(&read);
}

static void
fill(struct records *r, uint32_t mailbox, uint32_t n)
{
	for (uint32_t uid = 1; uid <= n; uid++) {
		struct entry e = { .kind = "RAC"[uid % 3],
			.number = uid,
			.letters = uid & 31 };

		e.r.uid = uid;
		e.r.size = uid * 10;
		index_append(mailbox, &e);
		records_add(r, &e);
	}
}

static void
added_records_are_read(void **state UNUSED)
{
	struct records r = { 0 }, other = { 0 };

	fill(&r, 1, 1000);
	fill(&other, 2, 3);
	same(&r, 1);
	same(&other, 2);
	assert_int_equal(records_find(&r, 500), 499);
	assert_int_equal(records_find(&r, 1001), r.n);
	index_forget(1);
	r.n = 0;
	same(&r, 1);
	same(&other, 2);
	records_free(&r);
	records_free(&other);
}

static void
changed_records_are_written(void **state UNUSED)
{
	struct records r = { 0 };

	fill(&r, 1, 200);
	for (size_t i = 30; i < 100; i++) {
		struct entry e;

		records_at(&r, i, &e);
		e.r.flags = FLAG_SEEN;
		e.r.modseq = 5;
		records_set(&r, i, &e);
	}
	records_write(&r, 1, 30, 99);
	same(&r, 1);
	records_free(&r);
}

static void
removed_records_are_gone(void **state UNUSED)
{
	static const uint32_t all[] = { 31, 32, 33, 63, 64, 200 };
	struct records r = { 0 };
	uint32_t rest[200], n = 0;

	fill(&r, 1, 200);
	records_remove(&r, 1, all, nitems(all));
	assert_int_equal(r.n, 194);
	assert_int_equal(records_find(&r, 64), r.n);
	assert_int_equal(records_find(&r, 34), 30);
	same(&r, 1);
	for (size_t i = 0; i < r.n; i++)
		rest[n++] = record_uid(r.packed + i * RECORD_SIZE);
	records_remove(&r, 1, rest, n);
	assert_int_equal(r.n, 0);
	same(&r, 1);
	records_free(&r);
}

static void
rows_out_of_order_are_refused(void **state UNUSED)
{
	struct records r = { 0 };
	uint8_t row[2 * ENTRY_SIZE];
	struct entry e = { .kind = 'R' };

	e.r.uid = 7;
	entry_put(row, &e);
	entry_put(row + ENTRY_SIZE, &e);
	index_put_chunk(1, 0, view_bytes(row, sizeof(row)));
	assert_false(records_load(&r, 1));
	index_put_chunk(1, 0, view_bytes(row, ENTRY_SIZE - 1));
	assert_false(records_load(&r, 1));
	index_put_chunk(1, 3, view_bytes(row, ENTRY_SIZE));
	assert_false(records_load(&r, 1));
	records_free(&r);
}

#define INDEX_TEST(f) cmocka_unit_test_setup_teardown(f, index_new, index_gone)

int
main(void)
{
	const struct CMUnitTest tests[] = { INDEX_TEST(added_records_are_read),
		INDEX_TEST(changed_records_are_written),
		INDEX_TEST(removed_records_are_gone),
		INDEX_TEST(rows_out_of_order_are_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
