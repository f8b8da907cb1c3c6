/* SPDX-License-Identifier: ISC */
/*
 * master_house - starts that fail, and what master leaves behind
 *
 * The programs are shell scripts here: they end at once, refuse their settings
 * or never get ready. Each case runs in a process of its own, as a house is
 * begun once in the life of a master.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "lib/base/file.h"
#include "lib/proc/fiber.h"
#include "master/house.h"
#include "master/lock.h"
#include "master/places.h"
#include "master/roster.h"
#include "master/sockets.h"
#include "master/spawn.h"

static char dir[] = "/tmp/master_house.XXXXXX";
static char conf[64];

static void
put(const char *name, const char *text, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_true(file_replace(AT_FDCWD, path, view_of(text), mode));
}

static void
put_programs(const char *script)
{
	for (size_t i = 0; i < program_rows_n; i++)
		put(role_name(program_rows[i].role), script, 0755);
	put("deliver", script, 0755);	/* a helper */
}

static int
set_up(UNUSED void **state)
{
	char text[512];

	assert_non_null(mkdtemp(dir));
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	/* where no mail server of this machine listens */
	snprintf(text, sizeof(text),
	    "hostname = h\nspool_dir = s/spool\nmail_dir = s/mail\n"
	    "state_dir = s/state\nrun_dir = s/run\nprogram_dir = .\nmta_sts = no\n"
	    "log_file = log\ndrop_privileges = no\n"
	    "[listener smtp]\naddress = 127.%d.%d.1:2525\n",
	    1 + getpid() / 250 % 250, getpid() % 250);
	put("conf", text, 0644);
	return 0;
}

static int
tear_down(UNUSED void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void
on_child(UNUSED evutil_socket_t number, UNUSED short what, UNUSED void *arg)
{
	roster_reap();
}

static void
no_word(void)
{
}

static void
stop_soon(UNUSED void *arg)
{
	house_stop();
}

/* What main of master returns. */
static int
live(int64_t stop_after)
{
	struct house_start start = { .file = conf, .ready = no_word };
	struct event *e = evsignal_new(loop_base(), SIGCHLD, on_child, NULL);
	struct str error = { 0 };

	event_add(e, NULL);
	if (freopen("/dev/null", "w", stderr) == NULL ||
	    !house_begin(&start, &error))
		return 1;
	if (stop_after > 0)
		loop_timer_new(stop_after, stop_soon, NULL);
	loop_run();
	lock_remove();
	return house_result();
}

static int
lived(int64_t stop_after)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(live(stop_after));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
refused_settings_end_the_start(UNUSED void **state)
{
	put_programs("#!/bin/sh\nexit 78\n");
	assert_int_equal(lived(0), EX_CONFIG);
}

static void
what_is_no_program_ends_the_start(UNUSED void **state)
{
	put_programs("no program");
	assert_int_equal(lived(0), EX_UNAVAILABLE);
}

static void
early_deaths_end_the_start(UNUSED void **state)
{
	put_programs("#!/bin/sh\nexit 1\n");
	assert_int_equal(lived(0), EX_UNAVAILABLE);
}

static void
sleepers_can_be_stopped(UNUSED void **state)
{
	int64_t before = clock_ms();

	put_programs("#!/bin/sh\nexec sleep 60\n");
	assert_int_equal(lived(200), 0);
	assert_true(clock_ms() - before < 5000);
}

static void
a_second_master_is_refused(UNUSED void **state)
{
	struct str error = { 0 };
	char run[64];

	snprintf(run, sizeof(run), "%s/s/run", dir);
	assert_true(lock_take(run, &error));
	assert_int_equal(lived(0), 1);
	lock_remove();
	str_free(&error);
}

static mode_t
mode_of(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
places_have_their_modes(UNUSED void **state)
{
	struct str error = { 0 };
	struct settings *s = settings_load(conf, &error);

	for (int twice = 0; twice < 2; twice++)
		assert_true(places_make(s, &error));
	assert_int_equal(mode_of("spool/content"), 02770);
	assert_int_equal(mode_of("spool/content/00"), 02770);
	assert_int_equal(mode_of("spool/content/ff"), 02770);
	assert_int_equal(mode_of("spool/drop"), 01733);
	assert_int_equal(mode_of("spool/journal"), 0700);
	assert_int_equal(mode_of("state/index/auth"), 0700);
	assert_int_equal(mode_of("run/empty"), 0555);
	settings_free(&s);
	str_free(&error);
}

static struct settings *
with_listeners(const char *listeners)
{
	struct str text = { 0 }, error = { 0 };
	struct settings *s;

	str_addf(&text, "run_dir = %s\n%s", dir, listeners);
	s = settings_parse(str_view(&text), &error);
	assert_non_null(s);
	str_free(&text);
	return s;
}

static void
sockets_are_opened_all_or_none(UNUSED void **state)
{
	struct str text = { 0 }, error = { 0 };
	struct settings *one, *two, *bad;
	char a[64], b[64];
	int fd;

	snprintf(a, sizeof(a), "unix:%s/a", dir);
	snprintf(b, sizeof(b), "unix:%s/b", dir);
	str_addf(&text, "[listener a]\naddress = %s\n", a);
	one = with_listeners(str_c(&text));
	str_addf(&text, "[listener b]\naddress = %s\n", b);
	two = with_listeners(str_c(&text));
	str_addf(&text, "[listener c]\naddress = unix:%s/none/c\n", dir);
	bad = with_listeners(str_c(&text));

	assert_true(sockets_open(one, &error));
	fd = socket_of(a);
	assert_true(fd >= 0);
	assert_false(sockets_open(bad, &error));
	assert_int_equal(socket_of(b), -1);
	assert_int_equal(access(b + 5, F_OK), -1);
	assert_true(sockets_open(two, &error));
	assert_int_equal(socket_of(a), fd);
	assert_true(socket_of(b) >= 0);
	sockets_prune(one);
	assert_int_equal(socket_of(b), -1);
	sockets_close();
	assert_int_equal(access(a + 5, F_OK), -1);
	settings_free(&one);
	settings_free(&two);
	settings_free(&bad);
	str_free(&text);
	str_free(&error);
}

/* A child sees 0 to 3 and a short environment, whatever master has open. */
static void
children_inherit_nothing(UNUSED void **state)
{
	const char *argv[] = { "sh", "-c",
		"ls /proc/self/fd | tr '\\n' ' ' >&2; env | sort >&2", NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv,
		.setting = "/x/conf" };
	struct str said = { 0 };
	int pair[2], pipe_ends[2], stray = dup(0), status;
	pid_t pid;

	setenv("SECRET", "x", 1);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(pipe(pipe_ends), 0);
	s.control = pair[0];
	spawn_stderr(pipe_ends[1]);
	pid = spawn(&s);
	close(pipe_ends[1]);
	assert_true(file_read_fd(pipe_ends[0], 4096, &said));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* ls itself opens the directory as 4 */
	assert_non_null(strstr(str_c(&said), "0 1 2 3 4 "));
	assert_null(strstr(str_c(&said), "5 "));
	assert_null(strstr(str_c(&said), "SECRET"));
	assert_non_null(strstr(str_c(&said), "POSTHOUSE_CONF=/x/conf"));
	close(stray);
	close(pair[0]);
	close(pair[1]);
	close(pipe_ends[0]);
	str_free(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_settings_end_the_start),
		cmocka_unit_test(what_is_no_program_ends_the_start),
		cmocka_unit_test(early_deaths_end_the_start),
		cmocka_unit_test(sleepers_can_be_stopped),
		cmocka_unit_test(a_second_master_is_refused),
		cmocka_unit_test(places_have_their_modes),
		cmocka_unit_test(sockets_are_opened_all_or_none),
		cmocka_unit_test(children_inherit_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
