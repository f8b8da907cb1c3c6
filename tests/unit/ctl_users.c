/* SPDX-License-Identifier: ISC */
/*
 * ctl_users - lines of the users file, and replacing it
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/password.h"
#include "ctl/edit.h"
#include "ctl/users.h"
#include "lib/base/file.h"

static void
find(UNUSED void **state)
{
	static const char text[] = "# c\na@x.test:1\nB@x.test:2\nb@x.test:3";
	struct view v = view_of(text);

	assert_true(view_is(users_find(v, VIEW_LIT("a@x.test"), VIEW_NONE),
	    "a@x.test:1\n"));
	assert_true(view_is(users_find(v, VIEW_LIT("b@x.test"), VIEW_NONE),
	    "B@x.test:2\n"));
	assert_null(users_find(v, VIEW_LIT("c@x.test"), VIEW_NONE).p);
	assert_null(users_find(VIEW_NONE, VIEW_LIT("c@x.test"), VIEW_NONE).p);
}

static void
edit(UNUSED void **state)
{
	char dir[] = "/tmp/ctl_users.XXXXXX", path[64], link[64];
	struct str text = { 0 }, error = { 0 };
	struct edit e;
	struct stat st;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(link, sizeof(link), "%s/users.new", dir);
	/* one that is not there is made, for nobody else to read */
	assert_true(edit_begin(&e, path, USERS_GROUP, &error));
	assert_int_equal(e.text.n, 0);
	str_adds(&text, "a@x.test:1\n");
	assert_true(edit_commit(&e, &text, &error));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	/* mode and contents stay; what a crash left beside it does not matter */
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_true(edit_begin(&e, path, USERS_GROUP, &error));
	assert_string_equal(str_c(&e.text), "a@x.test:1\n");
	assert_true(edit_commit(&e, &text, &error));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);
	assert_int_equal(access(link, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_false(edit_begin(&e, path, USERS_GROUP, &error));
	str_free(&text);
	str_free(&error);
}

static void
hash(UNUSED void **state)
{
	struct str password = { 0 }, one = { 0 }, two = { 0 }, error = { 0 };

	str_adds(&password, "wonderland");
	assert_true(password_hash(&password, &one, &error));
	assert_true(password_hash(&password, &two, &error));
	assert_memory_equal(one.p, "{CRYPT}$y$", 10);
	assert_string_not_equal(one.p, two.p);
	str_free(&password);
	str_free(&one);
	str_free(&two);
	str_free(&error);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find),
		cmocka_unit_test(edit),
		cmocka_unit_test(hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
