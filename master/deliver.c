/* SPDX-License-Identifier: ISC */
/*
 * deliver - as whom, and with what in its hands
 *
 * The settings alone say as whom. Descriptor 3 is the content, 4 and those
 * behind it are the alias files in their order.
 */
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "master/deliver.h"
#include "master/file_state.h"
#include "master/helper.h"
#include "master/house.h"
#include "master/programs.h"

static bool
is_program(uid_t uid)
{
	for (size_t i = 0; i < program_rows_n; i++) {
		const struct passwd *pw = getpwnam(program_rows[i].user);

		if (pw != NULL && pw->pw_uid == uid)
			return true;
	}
	return false;
}

bool
deliver_may_be(const char *user, struct why *w)
{
	const struct passwd *pw = getpwnam(user);
	uid_t uid;

	if (pw == NULL)
		return why_later(w, "3.5", "There is no system user %.40s for "
		    "the commands and files of aliases (setting alias_user)",
		    user);
	uid = pw->pw_uid;
	if (uid == 0 || pw->pw_gid == 0)
		return why_later(w, "3.5", "alias_user is root: commands and "
		    "files of aliases never are");
	if (geteuid() != 0 && uid != geteuid())
		return why_later(w, "3.5", "Only root can become %.40s: the "
		    "server must be started by root, or alias_user be the "
		    "user that it runs as", user);
	if (geteuid() == 0 && is_program(uid))
		return why_later(w, "3.5", "alias_user %.40s is the user of a "
		    "program of the server: commands and files of aliases "
		    "need one of their own", user);
	return true;
}

/* Nobody but root, or who started the server, can have written it. */
static bool
is_safe(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    (st.st_mode & S_IWOTH) == 0 &&
	    ((st.st_mode & S_IWGRP) == 0 || st.st_gid == 0))
		return true;
	log_error("aliases", "%s can be written by others than root: its "
	    "commands and files are not carried out", path);
	return false;
}

static size_t
open_aliases(int *files, size_t most)
{
	const struct words *w = &house_settings()->aliases;
	size_t n = 0;

	for (size_t i = 0; i < w->n && n < most; i++) {
		int fd = file_state_open(w->word[i].p);

		if (fd < 0) {
			if (errno != ENOENT)
				log_error("aliases", "cannot open %s: %s",
				    w->word[i].p, strerror(errno));
		} else if (is_safe(fd, w->word[i].p)) {
			files[n++] = fd;
		} else {
			close(fd);
		}
	}
	return n;
}

/* Its socket, or -1 with the reason. */
static int
start(int content, struct why *w)
{
	const struct settings *s = house_settings();
	struct str path = { 0 };
	char seconds[24];
	int files[SPAWN_FILES] = { content }, fd;
	const char *argv[] = { "deliver", seconds, s->recipient_delimiter,
		NULL };
	struct spawn job = { .argv = argv, .files = files };

	if (!deliver_may_be(s->alias_user, w))
		return -1;
	if (geteuid() == 0)
		job.user = s->alias_user;
	snprintf(seconds, sizeof(seconds), "%lld", (long long)s->command_time);
	helper_path(s, HELPER_DELIVER, &path);
	job.path = str_c(&path);
	job.files_n = 1 + open_aliases(files + 1, SPAWN_FILES - 1);
	fd = helper_spawn(HELPER_DELIVER, &job, w);
	while (--job.files_n > 0)
		close(files[job.files_n]);
	str_free(&path);
	return fd;
}

void
deliver_start(struct channel *c, uint32_t tag, struct msg_deliver_start *m)
{
	struct message answer = { .type = MSG_helper_started, .tag = tag };
	struct why w;

	answer.helper_started.socket = start(m->content, &w);
	if (answer.helper_started.socket >= 0)
		channel_send(c, &answer);
	else
		channel_answer(c, tag, &w);
}
