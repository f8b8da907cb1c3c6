/* SPDX-License-Identifier: ISC */
/*
 * proc_sandbox - what a confined program can't do, tried from inside
 *
 * Each case runs in a child that confines itself as service.c does and then
 * misbehaves. It must fail with an error, or die by SIGSYS; a child that gets
 * what it wanted exits with 0, which fails the test.
 */
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/sys_build.h"
#include "lib/proc/sandbox.h"

#define GOT_IT	0
#define FAILED	3

static const char dir[] = "/tmp/posthouse-sandbox-test";

static const struct program_path spool[] = { { "spool_dir", "", true },
	{ NULL, NULL, false } };
static const struct program session = { .role = ROLE_IMAPD,
	.user = "nobody", .calls = CALLS_ACCEPT };
static const struct program owner = { .role = ROLE_QUEUE, .user = "nobody",
	.calls = CALLS_FILES_READ | CALLS_FILES_WRITE | CALLS_THREADS,
	.paths = spool };

static int
opens_a_file(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? GOT_IT : FAILED;
}

static int
creates_a_file(void)
{
	return open("/tmp/posthouse-escaped", O_WRONLY | O_CREAT, 0600) >= 0 ?
	    GOT_IT :
	    FAILED;
}

static int
asks_for_a_file(void)
{
	struct stat st;

	return stat("/etc/passwd", &st) == 0 ? GOT_IT : FAILED;
}

static int
makes_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? GOT_IT : FAILED;
}

static int
makes_a_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? GOT_IT : FAILED;
}

static int
executes(void)
{
	char *argv[] = { "true", NULL };

	execv("/bin/true", argv);
	return FAILED;
}

static int
forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 ? GOT_IT : FAILED;
}

static int
traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? GOT_IT : FAILED;
}

static int
writes_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED ? GOT_IT : FAILED;
}

static int
makes_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 ? GOT_IT : FAILED;
}

static int
kills_its_parent(void)
{
	return kill(getppid(), 0) == 0 ? GOT_IT : FAILED;
}

static int
becomes_root(void)
{
	return setuid(0) == 0 ? GOT_IT : FAILED;
}

/* what must still work */
static int
works_on_in_its_directory(void)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "%s/file", dir);
	fd = open(name, O_RDWR | O_CREAT, 0600);
	return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 &&
		unlink(name) == 0 ?
	    GOT_IT :
	    FAILED;
}

static int
reads_on(void)
{
	int pair[2];
	struct stat st;

	if (pipe(pair) == 0) /* not in the list: dies */
		return GOT_IT;
	return fstat(0, &st) == 0 ? FAILED : GOT_IT;
}

static int
confined(const struct program *p, int (*misdeed)(void))
{
	static const char text[] = "spool_dir = /tmp/posthouse-sandbox-test\n"
				   "run_dir = /tmp/posthouse-sandbox-run\n"
				   "drop_privileges = no\n";
	struct str errors = { 0 }, layers = { 0 };
	struct settings *s;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		s = settings_parse(view_of(text), &errors);
		if (s == NULL) {
			fprintf(stderr, "%s", str_c(&errors));
			_exit(GOT_IT);
		}
		sandbox_paths(p, s, &layers);
		sandbox_user(p, s, &layers);
		sandbox_calls(p, &layers);
		_exit(misdeed());
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status))
		assert_int_equal(WTERMSIG(status), SIGSYS);
	return WIFSIGNALED(status) ? SIGSYS : WEXITSTATUS(status);
}

static void
must_not_get(const struct program *p, int (*misdeed)(void))
{
	int end = confined(p, misdeed);

	/* anything else means that the confinement itself failed */
	assert_true(end == FAILED || end == SIGSYS);
}

static int (*const misdeeds[])(void) = { opens_a_file, creates_a_file,
	asks_for_a_file, makes_a_socket, makes_a_unix_socket, executes, forks,
	traces, writes_code, makes_code, kills_its_parent, becomes_root,
	reads_on };
/* an owner of files may ask for them; the rest holds for it, too */
static int (*const owner_misdeeds[])(void) = { opens_a_file, creates_a_file,
	makes_a_socket, makes_a_unix_socket, executes, forks, traces,
	writes_code, makes_code, kills_its_parent, becomes_root };

static void
a_session_program_gets_nothing(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < nitems(misdeeds); i++)
		must_not_get(&session, misdeeds[i]);
}

static void
an_owner_gets_its_directory_only(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < nitems(owner_misdeeds); i++)
		must_not_get(&owner, owner_misdeeds[i]);
	assert_int_equal(confined(&owner, works_on_in_its_directory), GOT_IT);
}

static void
execution_kills(void **unused)
{
	(void)unused;
	assert_int_equal(confined(&session, executes), SIGSYS);
	assert_int_equal(confined(&owner, executes), SIGSYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_program_gets_nothing),
		cmocka_unit_test(an_owner_gets_its_directory_only),
		cmocka_unit_test(execution_kills),
	};

	if (BUILD_INSTRUMENTED) {
		printf("1..0 # skipped: instruments need what this forbids\n");
		return 0;
	}
	mkdir(dir, 0700);
	mkdir("/tmp/posthouse-sandbox-run", 0700);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
