/* SPDX-License-Identifier: ISC */
/*
 * base_kv - the index engine behind its door: what it keeps over kill, damage
 * and reopening, and that order and prefixes are those of the bytes
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/kv.h"
#include "lib/base/kv_key.h"

static const char *const tables[] = { "one", "two", NULL };
static const struct kv_options options = { .tables = tables,
	.log_file = 1 << 20 };
static char dir[64];

static int
dir_new(void **state UNUSED)
{
	snprintf(dir, sizeof(dir), "/tmp/base_kv.XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int
dir_gone(void **state UNUSED)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s %s.damaged-*", dir, dir);
	return system(command);
}

static struct kv *
opened(void)
{
	struct why why;
	struct kv *k = kv_open(dir, &options, &why);

	assert_non_null(k);
	return k;
}

static void
put(struct kv *k, unsigned table, const char *key, const char *value)
{
	assert_true(kv_put(kv_table(k, table), view_of(key), view_of(value)));
}

static bool
has(struct kv *k, const char *key, const char *value)
{
	struct view v;
	enum kv_result r = kv_get(kv_table(k, 0), view_of(key), &v);

	assert_int_not_equal(r, KV_TROUBLE);
	return r == KV_FOUND && view_is(v, value);
}

static void
values_come_back(void **state UNUSED)
{
	struct kv *k = opened();
	struct view v;
	char *big = xcalloc(1, 100000);

	assert_true(kv_is_empty(k));
	put(k, 0, "a", "1");
	put(k, 1, "a", "2");
	assert_true(has(k, "a", "1"));
	assert_true(
	    kv_put(kv_table(k, 0), view_of("big"), view_bytes(big, 100000)));
	assert_int_equal(kv_get(kv_table(k, 0), view_of("big"), &v), KV_FOUND);
	assert_int_equal(v.n, 100000);
	assert_true(kv_delete(kv_table(k, 0), view_of("a")));
	assert_true(kv_delete(kv_table(k, 0), view_of("a")));
	assert_int_equal(kv_get(kv_table(k, 0), view_of("a"), &v), KV_NONE);
	kv_close(&k);
	k = opened();
	assert_false(kv_is_empty(k));
	assert_int_equal(kv_get(kv_table(k, 1), view_of("a"), &v), KV_FOUND);
	kv_close(&k);
	free(big);
}

static void
aborted_is_gone(void **state UNUSED)
{
	struct kv *k = opened();

	assert_true(kv_begin(k));
	put(k, 0, "a", "1");
	assert_true(has(k, "a", "1"));
	kv_abort(k);
	assert_false(has(k, "a", "1"));
	kv_close(&k);
}

static void
cursors_keep_order_and_prefix(void **state UNUSED)
{
	static const char *const keys[] = { "a", "b1", "b2", "b3", "c" };
	struct kv *k = opened();
	struct kv_cursor *c;
	size_t n;

	for (size_t i = nitems(keys); i-- > 0;)
		put(k, 0, keys[i], "v");
	c = kv_cursor_open(kv_table(k, 0), view_of("b"));
	assert_int_equal(kv_cursor_seek(c, VIEW_NONE), KV_FOUND);
	assert_true(view_is(kv_cursor_key(c), "b1"));
	assert_int_equal(kv_cursor_seek(c, view_of("b11")), KV_FOUND);
	assert_true(view_is(kv_cursor_key(c), "b2"));
	assert_int_equal(kv_cursor_next(c), KV_FOUND);
	assert_int_equal(kv_cursor_next(c), KV_NONE);
	assert_int_equal(kv_cursor_last(c), KV_FOUND);
	assert_true(view_is(kv_cursor_key(c), "b3"));
	assert_int_equal(kv_cursor_prev(c), KV_FOUND);
	assert_int_equal(kv_cursor_prev(c), KV_FOUND);
	assert_int_equal(kv_cursor_prev(c), KV_NONE);
	kv_cursor_close(&c);
	c = kv_cursor_open(kv_table(k, 0), VIEW_NONE);
	assert_int_equal(kv_cursor_last(c), KV_FOUND);
	assert_true(view_is(kv_cursor_key(c), "c"));
	kv_cursor_close(&c);
	assert_true(kv_delete_prefix(kv_table(k, 0), view_of("b"), &n));
	assert_int_equal(n, 3);
	kv_close(&k);
}

static bool
sum(void *arg, struct view key, struct view value)
{
	uint64_t *total = arg;

	*total += kv_read_u32(key.p + 1);
	return value.n > 0;
}

static void
ranges_are_read_whole(void **state UNUSED)
{
	struct kv *k = opened();
	uint64_t total = 0;
	char value[300] = { 0 };

	assert_true(kv_begin(k));
	for (uint32_t i = 0; i < 20000; i++) {
		struct kv_key key = { 0 };

		kv_key_u32(kv_key_u8(&key, (uint8_t)(i % 3)), i);
		assert_true(kv_put(kv_table(k, 0), kv_key_view(&key),
		    view_bytes(value, 1 + i % 300)));
	}
	assert_true(kv_commit(k));
	assert_int_equal(
	    kv_each(kv_table(k, 0), view_bytes("\1", 1), sum, &total), KV_NONE);
	assert_int_equal(total, 66670000); /* 1 + 4 + ... + 19999 */
	kv_close(&k);
}

static void
numbers_sort_in_keys(void **state UNUSED)
{
	struct kv_key a = { 0 }, b = { 0 };

	kv_key_u64(kv_key_text(&a, view_of("x")), 255);
	kv_key_u64(kv_key_text(&b, view_of("x")), 256);
	assert_true(view_cmp(kv_key_view(&a), kv_key_view(&b)) < 0);
	a.n = 0;
	kv_key_text(&a, VIEW_LIT("a\0b"));
	assert_true(a.full);
}

/* Run f in a process that dies without closing anything. */
static void
killed(void (*f)(struct kv *))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		f(opened());
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
flush_one(struct kv *k)
{
	assert_true(kv_begin(k));
	put(k, 0, "flushed", "1");
	assert_true(kv_commit(k));
	assert_true(kv_flush(k));
	assert_true(kv_begin(k));
	put(k, 0, "open", "1");
}

static void
flushed_survives_kill(void **state UNUSED)
{
	struct kv *k;

	killed(flush_one);
	killed(flush_one);
	k = opened();
	assert_true(has(k, "flushed", "1"));
	assert_false(has(k, "open", "1"));
	kv_close(&k);
}

static void
fill(struct kv *k)
{
	char key[20];

	for (int i = 0; i < 40000; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		put(k, 0, key, "a value of some length, for the log");
		if (i % 10000 == 9999)
			assert_true(kv_checkpoint(k));
	}
	assert_true(kv_flush(k));
}

static size_t
files(const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static void
checkpoints_remove_logs(void **state UNUSED)
{
	struct kv *k;

	killed(fill);
	assert_true(files("log.") <= 6);
	k = opened();
	assert_true(has(k, "key39999", "a value of some length, for the log"));
	assert_true(kv_log_grown(k) < 1 << 20);
	kv_close(&k);
}

static size_t
set_aside(void)
{
	DIR *d = opendir("/tmp");
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strncmp(e->d_name, dir + 5, strlen(dir + 5)) == 0 &&
		     strstr(e->d_name, ".damaged-") != NULL;
	closedir(d);
	return n;
}

static char *
first_log(void)
{
	static char path[400];
	DIR *d = opendir(dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, "log.", 4) == 0)
			snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
	closedir(d);
	return path;
}

static void
overwrite(const char *path, off_t from, off_t to)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	for (off_t at = from; at < to; at += 512)
		assert_int_equal(pwrite(fd, "\xa5\x5a\xa5\x5a", 4, at), 4);
	close(fd);
}

static void
break_tables(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/tables.db", dir);
	overwrite(path, 0, 200000);
}

static void
lose_tables(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/tables.db", dir);
	assert_int_equal(unlink(path), 0);
}

static void
cut_tables(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/tables.db", dir);
	assert_int_equal(truncate(path, 20000), 0);
}

static void
lose_logs(void)
{
	while (files("log.") > 0)
		assert_int_equal(unlink(first_log()), 0);
}

static void
zero_log(void)
{
	struct stat st;

	assert_int_equal(stat(first_log(), &st), 0);
	overwrite(first_log(), 0, st.st_size);
}

/* Each harm: the environment opens all the same, and if what was flushed is
 * not there any more, then everything was set aside and the caller told. */
static void
damage_is_set_aside(void **state UNUSED)
{
	static void (*const harm[])(void) = { break_tables, lose_tables,
		cut_tables, lose_logs, zero_log };

	for (size_t i = 0; i < nitems(harm); i++) {
		struct kv *k;

		killed(fill);
		harm[i]();
		k = opened();
		if (!kv_is_empty(k)) {
			struct view v;

			if (kv_get(kv_table(k, 0), view_of("key7"), &v) ==
			    KV_TROUBLE) {
				assert_true(kv_is_damaged(k));
				kv_condemn(k);
				kv_close(&k);
				k = opened();
				assert_true(kv_is_empty(k));
			} else
				assert_true(has(k, "key39999",
				    "a value of some length, for the log"));
		}
		if (kv_is_empty(k))
			assert_true(set_aside() > 0);
		put(k, 0, "new", "life");
		assert_true(kv_flush(k));
		kv_close(&k);
		k = opened();
		assert_true(has(k, "new", "life"));
		kv_close(&k);
		dir_gone(NULL);
		dir_new(NULL);
	}
}

static void
backup_opens(void **state UNUSED)
{
	struct kv *k = opened();
	struct str text = { 0 };
	char copy[80];

	put(k, 0, "a b", "1");
	snprintf(copy, sizeof(copy), "%s/copy", dir);
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_true(kv_backup(k, copy));
	put(k, 0, "later", "2");
	kv_close(&k);
	snprintf(dir + strlen(dir), sizeof(dir) - strlen(dir), "/copy");
	k = opened();
	assert_true(has(k, "a b", "1"));
	assert_false(has(k, "later", "2"));
	kv_dump(k, &text);
	assert_string_equal(str_c(&text), "one a\\x20b 1\n");
	kv_close(&k);
	str_free(&text);
	*strrchr(dir, '/') = '\0';
}

static void
missing_right_is_told(void **state UNUSED)
{
	struct why why;
	struct kv *k = kv_open("/proc/nowhere", &options, &why);

	assert_null(k);
	assert_int_equal(why.verdict, VERDICT_LATER);
}

#define KV_TEST(f) cmocka_unit_test_setup_teardown(f, dir_new, dir_gone)

int
main(void)
{
	const struct CMUnitTest tests[] = { KV_TEST(values_come_back),
		KV_TEST(aborted_is_gone),
		KV_TEST(cursors_keep_order_and_prefix),
		KV_TEST(ranges_are_read_whole), KV_TEST(numbers_sort_in_keys),
		KV_TEST(flushed_survives_kill),
		KV_TEST(checkpoints_remove_logs), KV_TEST(damage_is_set_aside),
		KV_TEST(backup_opens), KV_TEST(missing_right_is_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
