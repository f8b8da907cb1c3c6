/* SPDX-License-Identifier: ISC */
/*
 * auth_users - the users file: its lines, its order, the index, the list
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

#include "auth/users.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/users_file.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"

static const struct {
	const char *line, *name, *secret;
	bool wrong;
	const char *domain;	/* of names without one */
} lines[] = {
	{ "alice@a.test:{PLAIN}x", "alice@a.test", "{PLAIN}x", false, "" },
	{ " Alice@A.Test:$y$x:1000:1000::/home\r", "alice@a.test", "$y$x",
	    false, "" },
	{ "a+b@a.test:", "a+b@a.test", "", false, "" },
	{ "a@a.test:{PLAIN} p \r", "a@a.test", "{PLAIN} p ", false, "" },
	{ "\xc3\xa9@a.test:x", "\xc3\xa9@a.test", "x", false, "" },
	{ "", NULL, NULL, false, "" },
	{ "   \r", NULL, NULL, false, "" },
	{ "# alice@a.test:x", NULL, NULL, false, "" },
	{ "alice@a.test", NULL, NULL, true, "" },
	{ "alice:x", NULL, NULL, true, "" },
	{ "@a.test:x", NULL, NULL, true, "" },
	{ "alice@:x", NULL, NULL, true, "" },
	{ "alice@[127.0.0.1]:x", NULL, NULL, true, "" },
	{ "al ice@a.test:x", NULL, NULL, true, "" },
	{ "a@b@a.test:x", NULL, NULL, true, "" },
	/* Dovecot's passwd-file */
	{ "anna:{PLAIN}x:1000:1000::/home/anna:/bin/sh:", "anna@a.test",
	    "{PLAIN}x", false, "a.test" },
	{ "anna:{PLAIN}x", NULL, NULL, true, "" },
	{ "anna@b.test:{PLAIN}x:::::::userdb_quota=1G x=y", "anna@b.test",
	    "{PLAIN}x", false, "a.test" },
	{ "anna:{PLAIN}x:1:1:::/bin/sh:nologin", "anna@a.test", "", false,
	    "a.test" },
	{ "anna:{PLAIN}x::::::userdb_home=/x NoLogin=y a=b", "anna@a.test", "",
	    false, "a.test" },
	{ "anna:{PLAIN}x::::::allow_nets=::1/128 proxy=nologin", "anna@a.test",
	    "{PLAIN}x", false, "a.test" },
	{ "anna:{PLAIN}x:::nologin:nologin:", "anna@a.test", "{PLAIN}x", false,
	    "a.test" },
	{ "anna:{PLAIN}x::::::nopassword", "anna@a.test", "", true, "a.test" },
	{ "anna:::::::nopassword=y", "anna@a.test", "", true, "a.test" },
};

static void
test_lines(void **state UNUSED)
{
	struct users_line l = { 0 };

	for (size_t i = 0; i < nitems(lines); i++) {
		bool ok = users_line(view_of(lines[i].line),
		    view_of(lines[i].domain), &l);

		if (ok != (lines[i].name != NULL) ||
		    (l.wrong != NULL) != lines[i].wrong)
			fail_msg("line \"%s\"", lines[i].line);
		if (!ok)
			continue;
		assert_string_equal(str_c(&l.name), lines[i].name);
		assert_true(view_is(l.secret, lines[i].secret));
	}
	str_free(&l.name);
}

/* What auth works with has a limit. */
static void
test_long_secret(void **state UNUSED)
{
	struct users_line l = { 0 };
	struct str line = { 0 };

	str_adds(&line, "alice@a.test:");
	for (int i = 0; i < 1024; i++)
		str_addc(&line, 'x');
	str_adds(&line, ":1000");
	assert_true(users_line(str_view(&line), VIEW_NONE, &l));
	line.p[13 + 1024] = 'x';
	assert_false(users_line(str_view(&line), VIEW_NONE, &l));
	assert_string_equal(l.wrong, "the password is too long");
	str_free(&l.name);
	str_free(&line);
}

static void
test_order(void **state UNUSED)
{
	static const char text[] = "# users\n"
				   "zoe@a.test:z\n"
				   "bob@a.test:1\n"
				   "nonsense\n"
				   "Bob@A.test:2\n"
				   "amy@a.test:{ROT13}x\n";
	static const char *const sorted[] = { "amy@a.test", "bob@a.test",
		"zoe@a.test" };
	struct users_file f;

	assert_true(users_file_read(&f, view_of(text), VIEW_NONE));
	assert_int_equal(f.n, nitems(sorted));
	for (size_t i = 0; i < f.n; i++)
		assert_true(view_is(users_file_name(&f, i), sorted[i]));
	assert_true(view_is(users_file_secret(&f, 1), "1"));
	assert_true(view_is(f.first, "zoe@a.test"));
	assert_int_equal(f.wrong, 3);
	assert_true(view_starts(str_view(&f.complaints), VIEW_LIT("4: ")));
	users_file_free(&f);
	assert_true(users_file_read(&f, VIEW_NONE, VIEW_NONE));
	assert_int_equal(f.n + f.first.n, 0);
	users_file_free(&f);
}

/* ---- the index; refreshing waits, so it runs in a fiber ---- */

struct trial {
	struct users *users;
	const char *file;
	bool ok;
};

static void
refresh(void *arg)
{
	struct trial *t = arg;
	struct why w;

	t->ok = users_refresh(t->users, t->file, VIEW_NONE, &w);
	loop_stop();
}

/* As when the settings are replaced while the file is being read. */
static void
forget_name(void *arg)
{
	char *file = arg;

	memset(file, 'x', strlen(file));
	free(file);
}

static bool
refreshed(struct users *u, const char *file)
{
	char *copy = xstrdup(file);
	struct trial t = { u, copy, false };

	fiber_start(refresh, &t);
	fiber_start(forget_name, copy);
	loop_run();
	return t.ok;
}

static void
expect_list(struct users *u, const char *wanted)
{
	struct str text = { 0 };
	int fd = users_list(u);

	assert_true(fd >= 0);
	assert_true(file_read_fd(fd, 1 << 20, &text));
	assert_string_equal(str_c(&text), wanted);
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
	str_free(&text);
}

static void
test_index(void **state UNUSED)
{
	char dir[] = "/tmp/users-XXXXXX", file[64], command[80];
	struct users *u;
	struct view secret;
	struct why w;

	pool_start(1);
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/users", dir);
	u = users_open(dir, &w);
	assert_non_null(u);
	assert_false(refreshed(u, file));
	assert_false(users_ready(u));
	assert_int_equal(users_get(u, VIEW_LIT("b@a.test"), &secret),
	    KV_TROUBLE);
	assert_true(file_replace(AT_FDCWD, file,
	    VIEW_LIT("b@a.test:{PLAIN}1\na@a.test:2\n"), 0600));
	assert_true(refreshed(u, file));
	assert_true(users_ready(u));
	assert_int_equal(users_get(u, VIEW_LIT("b@a.test"), &secret),
	    KV_FOUND);
	assert_true(view_is(secret, "{PLAIN}1"));
	assert_int_equal(users_get(u, VIEW_LIT("c@a.test"), &secret), KV_NONE);
	assert_true(view_is(users_first(u), "b@a.test"));
	expect_list(u, "a@a.test\nb@a.test\n");
	/* a file that cannot be read changes nothing */
	assert_false(refreshed(u, dir));
	assert_true(view_is(users_first(u), "b@a.test"));
	/* no users is something else than no file */
	assert_true(file_replace(AT_FDCWD, file, VIEW_LIT("# none\n"), 0600));
	assert_true(refreshed(u, file));
	assert_true(users_ready(u));
	expect_list(u, "");
	users_close(&u);
	u = users_open(dir, &w);
	assert_non_null(u);
	assert_true(users_ready(u));
	users_close(&u);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_secret),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
