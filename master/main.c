/* SPDX-License-Identifier: ISC */
/*
 * master - starts, watches and stops the programs of the house
 *
 * Runs as root or as whoever started it, and reads nothing from the network:
 * it opens listening sockets and hands them on. house.c has the life of the
 * server, child.c that of one program, handover.c what each of them gets.
 *
 *   master -F [-c FILE]   in the foreground, for a service manager
 *   master [-c FILE]      returns when everything runs, or says why not
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "master/control.h"
#include "master/house.h"
#include "master/lock.h"
#include "master/notify.h"
#include "master/roster.h"
#include "master/sockets.h"

static int parent = -1;	/* who waits for readiness */

/* ---- signals ---- */

static void
on_stop(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	(void)arg;
	house_stop();
}

static void
on_reload(evutil_socket_t number, short what, void *arg)
{
	struct str error = { 0 };

	(void)number;
	(void)what;
	(void)arg;
	house_reload(&error);	/* logs what is wrong */
	str_free(&error);
}

static void
on_child(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	(void)arg;
	roster_reap();
}

static const struct {
	int number;
	event_callback_fn act;
} signals[] = {
	{ SIGTERM, on_stop },
	{ SIGINT, on_stop },
	{ SIGHUP, on_reload },
	{ SIGCHLD, on_child },
};

static void
take_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < nitems(signals); i++) {
		struct event *e = evsignal_new(loop_base(), signals[i].number,
		    signals[i].act, NULL);

		must(e != NULL && event_add(e, NULL) == 0);
	}
}

/* ---- background ---- */

/* Wait until the server in the background is ready, and end as it says. */
static void NORETURN
wait_for_start(pid_t child, int from)
{
	int status;
	char c;

	if (read(from, &c, 1) == 1)
		_exit(0);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status) ? WEXITSTATUS(status) :
					    EX_SOFTWARE);
	_exit(EX_SOFTWARE);
}

static void
go_background(void)
{
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		fatal("cannot go into the background: %s", strerror(errno));
	if (pid > 0) {
		close(pair[1]);
		wait_for_start(pid, pair[0]);
	}
	close(pair[0]);
	parent = pair[1];
	setsid();
}

/* From here on nothing is said on the terminal. */
static void
leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
}

static void
on_ready(void)
{
	const struct settings *s = house_settings();
	static const char *const levels[] = { "debug", "info", "warning",
		"error" };
	enum log_level least = LOG_LEVEL_INFO;

	for (size_t i = 0; i < nitems(levels); i++)
		if (strcmp(s->log_level, levels[i]) == 0)
			least = (enum log_level)i;
	log_open(s->log_ident, "master", house_log(), least);
	if (parent < 0)
		return;
	leave_terminal();
	(void)!write(parent, "", 1);
	close(parent);
	parent = -1;
}

/* ---- start ---- */

static void
prepare(void)
{
	struct rlimit files;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	umask(022);
}

static void NORETURN
usage(void)
{
	fputs("usage: master [-F] [-c FILE]\n"
	      "  -F       stay in the foreground\n"
	      "  -c FILE  settings (POSTHOUSE_CONF, or " SYSCONFDIR
	      "/posthouse.conf)\n",
	    stderr);
	exit(EX_USAGE);
}

/* The file as an absolute path: / becomes the working directory. */
static const char *
full_name(const char *file)
{
	static char full[PATH_MAX];

	return realpath(file, full) != NULL ? full : file;
}

static void
print_errors(const struct str *error)
{
	fputs(str_c(error), stderr);
	if (error->n > 0 && error->p[error->n - 1] != '\n')
		fputc('\n', stderr);
}

int
main(int argc, char **argv)
{
	struct house_start start = { .ready = on_ready };
	const char *file = NULL;
	struct str error = { 0 };
	int option;

	while ((option = getopt(argc, argv, "Fc:")) != -1) {
		if (option == 'F')
			start.foreground = true;
		else if (option == 'c')
			file = optarg;
		else
			usage();
	}
	if (optind < argc)
		usage();
	start.file = full_name(settings_file(file));
	prepare();
	if (!start.foreground)
		go_background();
	take_signals();
	notify_open();
	if (!house_begin(&start, &error)) {
		print_errors(&error);
		str_free(&error);
		sockets_close();
		control_close();
		lock_remove();
		return EX_CONFIG;
	}
	(void)!chdir("/");
	loop_run();
	sockets_close();
	control_close();
	lock_remove();
	log_info("master", "stopped");
	return house_result();
}
