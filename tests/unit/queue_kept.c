/* SPDX-License-Identifier: ISC */
/*
 * queue_kept - contents without a file (queue/kept.h)
 */
#include "queue_sample.h"

#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/mail/spool.h"
#include "queue/content.h"
#include "queue/kept.h"

#define ID 0x0006600000000001u
#define SAYS "Subject: kept\r\n\r\nOctets.\r\n"

static char path[64];
static int dir;

static int
begin(void **state UNUSED)
{
	dir = sample_dir(path);
	return content_start(dir) ? 0 : -1;
}

static int
end(void **state UNUSED)
{
	close(dir);
	sample_dir_remove(path);
	return 0;
}

/* What stands in its file; "" when there is none. */
static const char *
in_file(uint64_t id)
{
	static struct str octets;
	int fd = content_open(id);

	str_reset(&octets);
	if (fd >= 0) {
		assert_true(file_read_fd(fd, 1 << 20, &octets));
		close(fd);
	}
	return str_c(&octets);
}

static void
assert_open_says(uint64_t id, const char *what)
{
	struct str octets = { 0 };
	int fd = kept_open(id);

	assert_true(fd >= 0);
	assert_true(file_read_fd(fd, 1 << 20, &octets));
	assert_string_equal(str_c(&octets), what);
	str_free(&octets);
	close(fd);
}

static void
test_memory_then_file(void **state UNUSED)
{
	assert_true(kept_put(ID, VIEW_LIT(SAYS)));
	assert_true(view_is(kept_octets(ID), SAYS));
	assert_open_says(ID, SAYS);
	assert_string_equal(in_file(ID), "");
	assert_true(kept_write(ID));
	assert_string_equal(in_file(ID), SAYS);
	assert_int_equal(kept_octets(ID).n, 0);
	assert_open_says(ID, SAYS);
	/* it has one, and keeps it */
	assert_true(kept_write(ID));
	assert_false(kept_drop(ID));
	assert_true(content_remove(ID));
	assert_int_equal(kept_open(ID), -1);
}

static void
test_never_a_file(void **state UNUSED)
{
	assert_true(kept_put(ID, VIEW_LIT(SAYS)));
	kept_done(ID);
	assert_int_equal(kept_octets(ID).n, 0);
	kept_collect(ID);
	kept_write_collected();
	kept_written();
	assert_true(kept_drop(ID));
	assert_string_equal(in_file(ID), "");
	assert_false(kept_drop(ID));
}

/* What becomes of mails while the thread writes. */
static void
test_collected(void **state UNUSED)
{
	for (uint64_t i = 0; i < 4; i++)
		assert_true(kept_put(ID + i, VIEW_LIT(SAYS)));
	for (uint64_t i = 0; i < 3; i++)
		kept_collect(ID + i);
	assert_true(kept_drop(ID + 1));		/* deleted */
	kept_done(ID + 2);			/* delivered */
	kept_write_collected();
	assert_true(view_is(kept_octets(ID), SAYS));
	kept_written();
	assert_string_equal(in_file(ID), SAYS);
	assert_int_equal(kept_octets(ID).n, 0);
	assert_string_equal(in_file(ID + 1), "");
	assert_string_equal(in_file(ID + 2), SAYS);
	assert_false(kept_drop(ID + 2));	/* so it is removed */
	assert_string_equal(in_file(ID + 3), "");
	assert_true(view_is(kept_octets(ID + 3), SAYS));
	assert_true(kept_drop(ID + 3));
	assert_true(content_remove(ID));
	assert_true(content_remove(ID + 2));
}

/* Somebody wants a file of it while the thread writes that. */
static void
test_both_write(void **state UNUSED)
{
	assert_true(kept_put(ID, VIEW_LIT(SAYS)));
	kept_collect(ID);
	assert_true(kept_write(ID));
	kept_write_collected();
	kept_written();
	assert_string_equal(in_file(ID), SAYS);
	assert_false(kept_drop(ID));
	assert_true(content_remove(ID));
}

/* The disk does not take it: it stays, and is written another time. */
static void
test_failed(void **state UNUSED)
{
	char name[SPOOL_NAME_MAX], at[128];

	snprintf(at, sizeof(at), "%s/content/%s", path, spool_name(ID, name));
	assert_int_equal(mkdir(at, 0700), 0);
	assert_true(kept_put(ID, VIEW_LIT(SAYS)));
	assert_false(kept_write(ID));
	kept_collect(ID);
	kept_write_collected();
	kept_written();
	assert_true(kept_is_failing());
	assert_true(view_is(kept_octets(ID), SAYS));
	/* who could not be written has gone: nothing fails any more */
	assert_true(kept_drop(ID));
	kept_written();
	assert_false(kept_is_failing());
	assert_true(kept_put(ID, VIEW_LIT(SAYS)));
	kept_collect(ID);
	kept_write_collected();
	kept_written();
	assert_true(kept_is_failing());
	assert_int_equal(rmdir(at), 0);
	kept_collect(ID);
	kept_write_collected();
	kept_written();
	assert_false(kept_is_failing());
	assert_string_equal(in_file(ID), SAYS);
	assert_false(kept_drop(ID));
	assert_true(content_remove(ID));
}

static void
test_limits(void **state UNUSED)
{
	static char much[SPOOL_KEPT + 1];
	uint64_t n = 0;

	assert_false(kept_put(ID, view_bytes(much, sizeof(much))));
	while (kept_put(ID + n, view_bytes(much, SPOOL_KEPT)))
		n++;
	assert_int_equal(n, (32u << 20) / SPOOL_KEPT);
	kept_done(ID);
	assert_true(kept_put(ID + n, view_bytes(much, SPOOL_KEPT)));
	for (uint64_t i = 0; i <= n; i++)
		assert_true(kept_drop(ID + i));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_then_file),
		cmocka_unit_test(test_never_a_file),
		cmocka_unit_test(test_collected),
		cmocka_unit_test(test_both_write),
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
