/* SPDX-License-Identifier: ISC */
/*
 * spawn - fork, close everything, exec
 *
 * Descriptors 0 and 1 are /dev/null, 2 takes the last words of libraries, 3 is
 * the control channel, or what a helper is to read; close_range shuts all others. The environment is a short
 * list. A program that master started is killed when master dies: its
 * successor must not meet it.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "master/spawn.h"

#define CONTROL_FD	3
#define BOUNDED_SECONDS	10

/* What a program may learn of master's environment. */
static const char *const passed_on[] = {
	"TZ",
	"ASAN_OPTIONS",
	"LSAN_OPTIONS",
	"TSAN_OPTIONS",
	"UBSAN_OPTIONS",
	"GCOV_PREFIX",
	"GCOV_PREFIX_STRIP",
	"LLVM_PROFILE_FILE",
};

static int error_fd = STDERR_FILENO;

void
spawn_stderr(int fd)
{
	error_fd = fd;
}

/* First all of them out of the way of each other, then to their places. */
static void
give_files(const struct spawn *s)
{
	int moved[SPAWN_FILES];

	for (size_t i = 0; i < s->files_n; i++) {
		moved[i] = fcntl(s->files[i], F_DUPFD,
		    CONTROL_FD + SPAWN_FILES);
		if (moved[i] < 0)
			_exit(SPAWN_FAILED);
	}
	for (size_t i = 0; i < s->files_n; i++)
		if (dup2(moved[i], CONTROL_FD + (int)i) < 0)
			_exit(SPAWN_FAILED);
}

static void
give_stdio(const struct spawn *s)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(s->control, 0) < 0 || dup2(s->control, 1) < 0 ||
	    dup2(error_fd >= 0 ? error_fd : null, 2) < 0)
		_exit(SPAWN_FAILED);
	give_files(s);
	if (close_range(CONTROL_FD + (unsigned)s->files_n, ~0u, 0) < 0)
		_exit(SPAWN_FAILED);
}

static void
give_descriptors(int control)
{
	int null = open("/dev/null", O_RDWR);
	unsigned first = CONTROL_FD;

	if (null < 0 || dup2(error_fd >= 0 ? error_fd : null, 2) < 0 ||
	    dup2(null, 0) < 0 || dup2(null, 1) < 0)
		_exit(SPAWN_FAILED);
	if (control == CONTROL_FD) /* dup2 would leave it close-on-exec */
		fcntl(control, F_SETFD, 0);
	else if (control >= 0 && dup2(control, CONTROL_FD) < 0)
		_exit(SPAWN_FAILED);
	if (control >= 0)
		first++;
	if (close_range(first, ~0u, 0) < 0)
		_exit(SPAWN_FAILED);
}

static void
become(const char *user, const char *group)
{
	struct passwd *pw = getpwnam(user);
	struct group *gr = group != NULL ? getgrnam(group) : NULL;
	gid_t gid = gr != NULL ? gr->gr_gid : pw != NULL ? pw->pw_gid : 0;

	if (pw == NULL || (group != NULL && gr == NULL) ||
	    initgroups(user, pw->pw_gid) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		_exit(SPAWN_FAILED);
}

static char **
environment(const char *setting)
{
	static char text[nitems(passed_on) + 3][512];
	static char *env[nitems(passed_on) + 4];
	size_t n = 0;

	env[n] = text[n];
	snprintf(text[n++], sizeof(text[0]), "PATH=/usr/bin:/bin");
	env[n] = text[n];
	snprintf(text[n++], sizeof(text[0]), "LC_ALL=C");
	for (size_t i = 0; i < nitems(passed_on); i++) {
		const char *value = getenv(passed_on[i]);

		if (value == NULL)
			continue;
		env[n] = text[n];
		snprintf(text[n++], sizeof(text[0]), "%s=%s", passed_on[i],
		    value);
	}
	if (setting != NULL) {
		env[n] = text[n];
		snprintf(text[n++], sizeof(text[0]), "POSTHOUSE_CONF=%s",
		    setting);
	}
	env[n] = NULL;
	return env;
}

static void
bound(void)
{
	const struct rlimit seconds = { BOUNDED_SECONDS, BOUNDED_SECONDS };
	const struct rlimit nothing = { 0, 0 }, files = { 64, 64 };

	if (setrlimit(RLIMIT_CPU, &seconds) < 0 ||
	    setrlimit(RLIMIT_CORE, &nothing) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &files) < 0)
		_exit(SPAWN_FAILED);
}

static void
restore_signals(void)
{
	static const int ours[] = { SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < nitems(ours); i++)
		signal(ours[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t
spawn(const struct spawn *s)
{
	pid_t master = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	restore_signals();
	if (s->user != NULL)
		become(s->user, s->group);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != master)
		_exit(SPAWN_FAILED);
	if (s->stdio)
		give_stdio(s);
	else
		give_descriptors(s->control);
	if (s->bounded)
		bound();
	execve(s->path, (char *const *)(uintptr_t)s->argv,
	    environment(s->setting));
	_exit(SPAWN_FAILED);
}
