/* SPDX-License-Identifier: ISC */
/*
 * history_book - segments and rows: written, read, torn, mended, pruned
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "history/book.h"
#include "history/walk.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/proc/fiber.h"

static char path[] = "/tmp/posthouse-book-XXXXXX";
static int dir = -1;

static int
begin(UNUSED void **state)
{
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(dir >= 0);
	return 0;
}

static int
end(UNUSED void **state)
{
	DIR *d = opendir(path);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		unlinkat(dir, e->d_name, 0);
	closedir(d);
	close(dir);
	rmdir(path);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	return 0;
}

/* A verdict about mail n for nN@example.org. */
static void
add(struct book *b, uint64_t n)
{
	struct str batch = { 0 };
	struct view rest, octets;
	struct event e;
	char address[64];
	size_t at = event_begin(&batch, EVENT_VERDICT, n);

	snprintf(address, sizeof(address), "n%llu@Example.org",
	    (unsigned long long)n);
	event_put(&batch, EVENT_recipient, view_of(address));
	event_put(&batch, EVENT_sentence, VIEW_LIT("delivered to mailbox"));
	assert_true(event_end(&batch, at));
	rest = str_view(&batch);
	assert_true(event_next(&rest, &octets));
	assert_true(event_read(octets, &e));
	book_add(b, octets, &e);
	str_free(&batch);
}

static void
add_many(struct book *b, uint64_t from, uint64_t n)
{
	for (uint64_t i = from; i < from + n; i++)
		add(b, i);
}

static void
book_free(struct book *b)
{
	book_close(b);
	free(b->leaf);
	free(b->prints.p);
	str_free(&b->out);
	str_free(&b->rows_out);
}

/* ---- looking ---- */

static struct {
	struct book *book;
	uint64_t wanted;
	size_t found, looked;
	bool forward;
	uint64_t last;
	bool in_order;
} look;

static void
note(UNUSED void *arg, UNUSED struct view octets, const struct event *e)
{
	look.looked++;
	look.in_order &= e->mail > look.last;
	look.last = e->mail;
	look.found += e->mail == look.wanted;
}

static bool
never(UNUSED void *arg)
{
	return false;
}

static void
walk(UNUSED void *unused)
{
	char address[64];
	uint32_t print;
	struct walk w = { .book = look.book, .prints = &print, .n = 1,
		.event = note, .enough = never };

	snprintf(address, sizeof(address), "N%llu@example.ORG",
	    (unsigned long long)look.wanted);
	print = print_of(PRINT_ADDRESS, view_of(address));
	if (look.forward)
		walk_forward(&w);
	else
		walk_backward(&w);
	loop_stop();
}

/* How often it is there; look.looked: events that were read for it. */
static size_t
count(struct book *b, uint64_t n)
{
	look.book = b;
	look.wanted = n;
	look.found = look.looked = look.last = 0;
	look.in_order = true;
	look.forward = !look.forward;
	fiber_start(walk, NULL);
	loop_run();
	return look.found;
}

static void
assert_all(struct book *b, uint64_t n)
{
	for (uint64_t i = 1; i <= n; i += 1 + n / 50)
		assert_int_equal(count(b, i), 1);
	assert_int_equal(count(b, n), 1);
	assert_int_equal(count(b, n + 1), 0);
}

/* ---- tests ---- */

static void
what_was_written_is_found(UNUSED void **state)
{
	struct book b;

	book_open(&b, dir, "mail");
	assert_int_equal(b.n, 0);
	assert_int_equal(count(&b, 1), 0);
	add_many(&b, 1, 5000);
	assert_all(&b, 5000);
	/* a block and what has no row yet, not everything */
	count(&b, 100);
	assert_true(look.looked < 1000);
	book_free(&b);
	book_open(&b, dir, "mail");
	assert_int_equal(b.n, 1);
	assert_all(&b, 5000);
	add_many(&b, 5001, 5000);
	assert_all(&b, 10000);
	book_free(&b);
}

static void
cut_file(const char *name, off_t less)
{
	int fd = openat(dir, name, O_WRONLY);
	off_t size;

	assert_true(fd >= 0);
	size = lseek(fd, 0, SEEK_END);
	assert_true(size > less);
	assert_int_equal(ftruncate(fd, size - less), 0);
	close(fd);
}

static void
a_torn_tail_is_cut(UNUSED void **state)
{
	struct book b;

	book_open(&b, dir, "mail");
	add_many(&b, 1, 1000);
	book_free(&b);
	for (uint64_t left = 999; left > 980; left--) {
		cut_file("mail-00000001", 1 + (off_t)left % 60);
		book_open(&b, dir, "mail");
		assert_int_equal(count(&b, left), 1);
		assert_int_equal(count(&b, left + 1), 0);
		book_free(&b);
	}
	book_open(&b, dir, "mail");
	add(&b, 982);
	assert_all(&b, 982);
	book_free(&b);
}

static void
rows_are_made_again(UNUSED void **state)
{
	struct book b;

	book_open(&b, dir, "mail");
	add_many(&b, 1, 20000);
	book_free(&b);
	cut_file("mail-00000001.rows", 5);
	book_open(&b, dir, "mail");
	assert_all(&b, 20000);
	book_free(&b);
	cut_file("mail-00000001.rows", 1000);
	book_open(&b, dir, "mail");
	assert_all(&b, 20000);
	book_free(&b);
	unlinkat(dir, "mail-00000001.rows", 0);
	book_open(&b, dir, "mail");
	assert_all(&b, 20000);
	count(&b, 1);
	assert_true(look.looked < 1000);
	book_free(&b);
}

/* As a file of the day before is, when its rows are lost. */
static void
older_segments_are_mended(UNUSED void **state)
{
	struct book b;
	size_t pieces = 0;

	book_open(&b, dir, "mail");
	b.most = 16 << 20;
	add_many(&b, 1, 50000);
	assert_true(b.n > 3);
	book_free(&b);
	unlinkat(dir, "mail-00000001.rows", 0);
	cut_file("mail-00000002.rows", 77);
	cut_file("mail-00000003", 3);
	book_open(&b, dir, "mail");
	assert_int_equal(count(&b, 1), 1);
	assert_true(look.looked > 5000);
	while (book_mend(&b))
		pieces++;
	assert_true(pieces >= b.n - 1);
	assert_int_equal(count(&b, 1), 1);
	assert_true(look.looked < 1000);
	assert_all(&b, 50000);
	book_free(&b);
}

static void
spoil(const char *name, off_t at)
{
	int fd = openat(dir, name, O_WRONLY);

	assert_true(fd >= 0 && pwrite(fd, "spoiled", 7, at) == 7);
	close(fd);
}

static void
a_bad_spot_hides_one_block(UNUSED void **state)
{
	struct book b;
	size_t found = 0;

	book_open(&b, dir, "mail");
	add_many(&b, 1, 2000);
	book_free(&b);
	spoil("mail-00000001", 40000);
	book_open(&b, dir, "mail");
	for (uint64_t i = 1; i <= 2000; i++)
		found += count(&b, i);
	assert_true(found < 2000 && found > 1800);
	book_free(&b);
}

static void
foreign_files_do_no_harm(UNUSED void **state)
{
	static const char *const names[] = { "mail-00000007", "mail-zz",
		"mail-00000001.rows", "other", "mail-0000000001" };
	struct book b;

	for (size_t i = 0; i < nitems(names); i++)
		assert_true(file_replace(dir, names[i],
		    VIEW_LIT("this is no segment at all"), 0600));
	book_open(&b, dir, "mail");
	assert_int_equal(b.n, 0);
	add_many(&b, 1, 100);
	assert_all(&b, 100);
	book_free(&b);
	spoil("mail-00000001", 2);
	book_open(&b, dir, "mail");
	assert_int_equal(b.n, 0);
	book_free(&b);
}

static void
space_and_time_are_bounded(UNUSED void **state)
{
	struct book b;

	book_open(&b, dir, "mail");
	b.most = 1 << 20;
	for (uint64_t i = 0; i < 100; i++) {
		add_many(&b, 1 + 1000 * i, 1000);
		book_prune(&b, 0);
		assert_true(book_size(&b) < b.most + b.most / 4);
	}
	assert_int_equal(count(&b, 100000), 1);
	assert_int_equal(count(&b, 1), 0);
	/* what ended before */
	book_prune(&b, clock_wall_us());
	assert_int_equal(b.n, 1);
	book_prune(&b, INT64_MAX);
	assert_int_equal(b.n, 0);
	add_many(&b, 1, 10);
	assert_all(&b, 10);
	book_free(&b);
}

/* However much comes between two looks at it. */
static void
a_flood_is_bounded(UNUSED void **state)
{
	struct book b;

	book_open(&b, dir, "mail");
	b.most = 1 << 20;
	add_many(&b, 1, 100000);
	assert_true(book_size(&b) < b.most + b.most / 4);
	assert_int_equal(count(&b, 100000), 1);
	assert_int_equal(count(&b, 1), 0);
	book_free(&b);
}

/* Nothing can be written: nothing happens but a count. */
static void
a_full_disk_loses_events_only(UNUSED void **state)
{
	struct book b;
	int full;

	book_open(&b, dir, "mail");
	add_many(&b, 1, 100);
	book_write(&b);
	full = open("/dev/full", O_WRONLY);
	assert_true(full >= 0);
	dup2(full, b.fd);
	close(full);
	add_many(&b, 101, 50);
	book_write(&b);
	assert_int_equal(b.lost, 50);
	add_many(&b, 201, 50);
	assert_int_equal(count(&b, 100), 1);
	assert_int_equal(count(&b, 101), 0);
	assert_int_equal(count(&b, 250), 1);
	book_free(&b);
}

/* It is closed because it is old, and not even its head can be written. */
static void
what_was_never_written_is_pruned(UNUSED void **state)
{
	struct book b;
	int full = open("/dev/full", O_WRONLY);

	book_open(&b, dir, "mail");
	add(&b, 1);
	assert_int_equal(b.n, 1);
	assert_true(full >= 0);
	dup2(full, b.fd);
	close(full);
	book_prune(&b, INT64_MAX);
	assert_int_equal(b.n, 0);
	assert_int_equal(b.lost, 1);
	add(&b, 2);
	assert_int_equal(count(&b, 2), 1);
	book_free(&b);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_found),
		TEST(a_torn_tail_is_cut),
		TEST(rows_are_made_again),
		TEST(older_segments_are_mended),
		TEST(a_bad_spot_hides_one_block),
		TEST(foreign_files_do_no_harm),
		TEST(space_and_time_are_bounded),
		TEST(a_flood_is_bounded),
		TEST(a_full_disk_loses_events_only),
		TEST(what_was_never_written_is_pruned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
