/* SPDX-License-Identifier: ISC */
/*
 * drain - look into the drop directory now and then
 */
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/str.h"
#include "lib/proc/fiber.h"
#include "master/drain.h"
#include "master/house.h"
#include "master/places.h"
#include "master/programs.h"
#include "master/spawn.h"

#define EVERY_MS	10000

static struct loop_timer *timer;
static pid_t running;

/* Complete drops have no dot in front; temporary ones do. */
static bool
is_there_mail(void)
{
	struct str path = { 0 };
	struct dirent *e;
	bool found = false;
	DIR *d;

	str_addf(&path, "%s/drop", house_settings()->spool_dir);
	d = opendir(str_c(&path));
	while (d != NULL && !found && (e = readdir(d)) != NULL)
		found = e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	str_free(&path);
	return found;
}

/* Beside the other programs, or where they were installed together. */
void
drain_sendmail(struct str *path)
{
	static const char *const places[] = { "", "/../../sbin", "/../sbin" };

	for (size_t i = 0; i < nitems(places); i++) {
		str_reset(path);
		str_addf(path, "%s%s/sendmail", house_settings()->program_dir,
		    places[i]);
		if (access(str_c(path), X_OK) == 0)
			return;
	}
}

static void
start(void)
{
	static const char *const argv[] = { "sendmail", "--drain", NULL };
	struct str path = { 0 };
	struct spawn s = { .argv = argv, .control = -1 };
	pid_t pid;

	drain_sendmail(&path);
	s.path = str_c(&path);
	s.setting = house_file();
	if (places_owned(house_settings()))
		s.user = program_row(ROLE_QUEUE)->user;
	pid = spawn(&s);
	if (pid < 0)
		log_error("drain", "fork error=\"%s\"", strerror(errno));
	else
		running = pid;
	str_free(&path);
}

static void
look(void *unused)
{
	(void)unused;
	loop_timer_free(&timer);
	timer = loop_timer_new(EVERY_MS, look, NULL);
	if (running == 0 && is_there_mail())
		start();
}

void
drain_begin(void)
{
	look(NULL);
}

void
drain_end(void)
{
	loop_timer_free(&timer);
	if (running != 0)
		kill(running, SIGTERM);
}

void
drain_ended(pid_t pid, int status)
{
	if (pid != running)
		return;
	running = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_warning("drain", "sendmail --drain ended %s=%d",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
					  WEXITSTATUS(status));
}
