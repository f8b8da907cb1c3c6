/* SPDX-License-Identifier: ISC */
/*
 * base_text_index - a table is there whole, or the one before it is
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/base/text_index.h"

static char dir[64];

static int
set_up(void **state UNUSED)
{
	snprintf(dir, sizeof(dir), "/tmp/index-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
tear_down(void **state UNUSED)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static struct text_index *
reopen(struct text_index *t)
{
	struct why w;

	text_index_close(&t);
	t = text_index_open(dir, &w);
	assert_non_null(t);
	return t;
}

/* n entries "key i" -> "NAME i", enough for several batches if n is large. */
static void
fill(struct text_index *t, const char *name, int n)
{
	char key[32], value[32];

	assert_true(text_index_begin(t));
	for (int i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		snprintf(value, sizeof(value), "%s %d", name, i);
		assert_int_equal(
		    text_index_add(t, view_of(key), view_of(value)), KV_NONE);
	}
}

static void
expect(struct text_index *t, const char *key, const char *wanted)
{
	struct view value;
	enum kv_result r =
	    kv_get(text_index_table(t), view_of(key), &value);

	assert_int_equal(r, wanted ? KV_FOUND : KV_NONE);
	if (wanted != NULL)
		assert_true(view_is(value, wanted));
}

static void
test_turns(void **state UNUSED)
{
	struct text_index *t = reopen(NULL);

	assert_false(text_index_is_current(t, VIEW_LIT("one")));
	assert_int_equal(text_index_note(t).n, 0);
	expect(t, "key 0", NULL);
	fill(t, "first", 20000);
	assert_int_equal(text_index_add(t, VIEW_LIT("key 7"), VIEW_LIT("x")),
	    KV_FOUND);
	/* nothing shows before the commit */
	expect(t, "key 0", NULL);
	assert_true(text_index_commit(t, VIEW_LIT("one"), VIEW_LIT("note")));
	assert_true(text_index_is_current(t, VIEW_LIT("one")));
	assert_true(view_is(text_index_note(t), "note"));
	expect(t, "key 7", "first 7");
	expect(t, "key 19999", "first 19999");
	t = reopen(t);
	assert_true(text_index_is_current(t, VIEW_LIT("one")));
	expect(t, "key 19999", "first 19999");
	/* the next takes its place whole */
	fill(t, "second", 5);
	expect(t, "key 1", "first 1");
	assert_true(text_index_commit(t, VIEW_LIT("two"), VIEW_NONE));
	assert_false(text_index_is_current(t, VIEW_LIT("one")));
	expect(t, "key 1", "second 1");
	expect(t, "key 5", NULL);
	text_index_close(&t);
}

/* Given up, or killed in the middle: the old table stays. */
static void
test_half(void **state UNUSED)
{
	struct text_index *t = reopen(NULL);
	int status;
	pid_t child;

	fill(t, "old", 3);
	assert_true(text_index_commit(t, VIEW_LIT("old"), VIEW_NONE));
	fill(t, "half", 9000);
	text_index_abort(t);
	expect(t, "key 1", "old 1");
	text_index_close(&t);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		t = reopen(NULL);
		fill(t, "killed", 9000);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	t = reopen(NULL);
	assert_true(text_index_is_current(t, VIEW_LIT("old")));
	expect(t, "key 1", "old 1");
	fill(t, "new", 2);
	assert_true(text_index_commit(t, VIEW_LIT("new"), VIEW_NONE));
	expect(t, "key 1", "new 1");
	expect(t, "key 2", NULL);
	text_index_close(&t);
}

/* Whatever can be seen of a change makes another stamp. */
static void
test_stamp(void **state UNUSED)
{
	struct str a = { 0 }, b = { 0 };
	char path[80];

	snprintf(path, sizeof(path), "%s/file", dir);
	text_index_stamp(path, &a);
	assert_true(file_replace(AT_FDCWD, path, VIEW_LIT("x"), 0600));
	text_index_stamp(path, &b);
	assert_false(view_eq(str_view(&a), str_view(&b)));
	str_reset(&a);
	text_index_stamp(path, &a);
	assert_true(view_eq(str_view(&a), str_view(&b)));
	assert_true(file_replace(AT_FDCWD, path, VIEW_LIT("y"), 0600));
	str_reset(&b);
	text_index_stamp(path, &b);
	assert_false(view_eq(str_view(&a), str_view(&b)));
	str_free(&a);
	str_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_half, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stamp, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
