/* SPDX-License-Identifier: ISC */
/*
 * queue_extent - what the file says after any torn write (queue/extent.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "lib/base/file.h"
#include "queue/extent.h"
#include "tests/unit/queue_sample.h"

#define SLOT	4096

static char path[64];
static int dir;

static void
is(uint32_t oldest, uint32_t segment, uint32_t at)
{
	struct extent e;

	assert_true(extent_read(dir, &e));
	assert_int_equal(e.oldest, oldest);
	assert_int_equal(e.reached.segment, segment);
	assert_int_equal(e.reached.at, at);
}

/* With a bit turned in one slot; then as it was. */
static void
is_without(int slot, uint32_t oldest, uint32_t segment, uint32_t at)
{
	int fd = openat(dir, "extent", O_RDWR | O_CLOEXEC);
	char octet, other;

	assert_true(file_pread_all(fd, &octet, 1, slot * SLOT + 20));
	other = (char)(octet ^ 1);
	assert_true(file_pwrite_all(fd, view_bytes(&other, 1),
	    slot * SLOT + 20));
	is(oldest, segment, at);
	assert_true(file_pwrite_all(fd, view_bytes(&octet, 1),
	    slot * SLOT + 20));
	close(fd);
}

static void
begin(uint32_t oldest, uint32_t segment, uint32_t at)
{
	const struct extent e = { oldest, { segment, at } };

	dir = sample_dir(path);
	is(0, 0, 0);
	assert_true(extent_start(dir, &e));
	is(oldest, segment, at);
}

static void
end(void)
{
	close(dir);
	sample_dir_remove(path);
}

/* The first turn is 1 and stands in slot 1. */
static void
test_the_durable_slot_is_left_alone(void **state UNUSED)
{
	begin(3, 4, 100);
	for (uint32_t at = 200; at < 1000; at += 200) {
		extent_reached((struct place){ 4, at });
		is(3, 4, at);
		is_without(0, 3, 4, 100);
		is_without(1, 3, 4, at);
	}
	extent_sync();
	extent_reached((struct place){ 4, 1000 });
	is(3, 4, 1000);
	is_without(1, 3, 4, 800);
	end();
}

static void
test_a_segment_begins_and_another_goes(void **state UNUSED)
{
	begin(3, 4, 100);
	extent_reached((struct place){ 5, 50 });
	extent_reached((struct place){ 5, 60 });
	is_without(1, 3, 5, 50);
	assert_true(extent_raise(4));
	is(4, 5, 60);
	assert_true(extent_raise(2));		/* never lower again */
	is(4, 5, 60);
	end();
}

/* Also a slot that is not known to be durable is not written over. */
static void
test_another_start(void **state UNUSED)
{
	struct extent e;

	begin(3, 4, 100);
	extent_reached((struct place){ 4, 200 });
	assert_true(extent_read(dir, &e));
	assert_true(extent_start(dir, &e));
	extent_reached((struct place){ 4, 300 });
	is(3, 4, 300);
	is_without(1, 3, 4, 200);
	end();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_durable_slot_is_left_alone),
		cmocka_unit_test(test_a_segment_begins_and_another_goes),
		cmocka_unit_test(test_another_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
