/* SPDX-License-Identifier: ISC */
/*
 * ctl_site - settings are set where an administrator looks for them
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/site.h"
#include "lib/base/file.h"

static void
settings_are_set(UNUSED void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "", "users = x\n" },
		{ "a = b\n", "users = x\na = b\n" },
		{ "a = b\nusers = old\nc = d", "a = b\nusers = x\nc = d" },
		{ "#users = old\na = b\n", "users = x\na = b\n" },
		/* what is set counts more than what is shown */
		{ "#users = old\nusers= y\n", "#users = old\nusers = x\n" },
		{ "users= y\n#users = old\n", "users = x\n#users = old\n" },
		/* a sentence, another name, a section */
		{ "# users = who\n", "users = x\n# users = who\n" },
		{ "users2 = a\n", "users = x\nusers2 = a\n" },
		{ "[listener a]\nusers = 1\n",
		    "users = x\n[listener a]\nusers = 1\n" },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct str text = { 0 };

		str_adds(&text, cases[i].before);
		site_set(&text, "users", "x");
		assert_string_equal(str_c(&text), cases[i].after);
		str_free(&text);
	}
}

static void
listeners_are_seen(UNUSED void **state)
{
	assert_true(site_has_listener(VIEW_LIT("a = b\n [listener x]\n")));
	assert_false(site_has_listener(VIEW_LIT("#[listener x]\n[domain a]")));
	assert_false(site_has_listener(VIEW_NONE));
}

static void
lines_are_added(UNUSED void **state)
{
	char dir[] = "/tmp/ctl_site.XXXXXX", path[64];
	struct str text = { 0 };
	struct stat st;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/aliases", dir);
	assert_true(site_add_line(path, 0640, VIEW_LIT("a: b")));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(file_replace(AT_FDCWD, path, VIEW_LIT("x: y"), 0604));
	assert_true(site_add_line(path, 0640, VIEW_LIT("a: b")));
	assert_true(file_read(AT_FDCWD, path, 100, &text));
	assert_string_equal(str_c(&text), "x: y\na: b\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);
	str_free(&text);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_false(site_add_line(path, 0640, VIEW_LIT("a: b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_set),
		cmocka_unit_test(listeners_are_seen),
		cmocka_unit_test(lines_are_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
