/* SPDX-License-Identifier: ISC */
/*
 * deliver - as whom, and with what in its hands
 *
 * For an alias the settings alone say as whom. Descriptor 3 is the content, 4 and
 * those behind it are the alias files in their order.
 */
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/proc/table_name.h"
#include "master/deliver.h"
#include "master/drain.h"
#include "master/file_state.h"
#include "master/helper.h"
#include "master/house.h"
#include "master/programs.h"

#define PERSON_FIRST	1000	/* user ids, as Debian gives them */
#define PERSON_LAST	59999
#define MAIL_GROUP	"mail"	/* may lock mailboxes in /var/mail */

bool
deliver_is_person(const struct passwd *pw)
{
	return pw->pw_uid >= PERSON_FIRST && pw->pw_uid <= PERSON_LAST &&
	    pw->pw_gid != 0;
}

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
		int fd;

		/* expressions lead to no commands */
		if (table_name_has_kind(w->word[i]))
			continue;
		fd = file_state_open(w->word[i].p);
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

enum { PROGRAM, SECONDS, DELIMITERS, USER, MODE, SENDMAIL, ARGUMENTS };

/* Takes the descriptors behind the first. Its socket, or -1 with the reason. */
static int
start(struct spawn *job, const char *argv[ARGUMENTS + 1], struct why *w)
{
	const struct settings *s = house_settings();
	struct str path = { 0 };
	char seconds[24];
	int fd;

	snprintf(seconds, sizeof(seconds), "%lld", (long long)s->command_time);
	argv[PROGRAM] = "deliver";
	argv[SECONDS] = seconds;
	argv[DELIMITERS] = s->recipient_delimiter;
	helper_path(s, HELPER_DELIVER, &path);
	job->path = str_c(&path);
	job->argv = argv;
	fd = helper_spawn(HELPER_DELIVER, job, w);
	while (--job->files_n > 0)
		close(job->files[job->files_n]);
	str_free(&path);
	return fd;
}

static int
start_for_alias(int content, struct why *w)
{
	const char *user = house_settings()->alias_user;
	const char *argv[ARGUMENTS + 1] = { NULL };
	int files[SPAWN_FILES] = { content };
	struct spawn job = { .files = files };

	if (!deliver_may_be(user, w))
		return -1;
	if (geteuid() == 0)
		job.user = user;
	job.files_n = 1 + open_aliases(files + 1, SPAWN_FILES - 1);
	return start(&job, argv, w);
}

static bool
may_be_person(const char *user, struct why *w)
{
	const struct passwd *pw = getpwnam(user);

	if (house_settings()->system_domains.n == 0)
		return why_later(w, "3.5", "The settings name no "
		    "system_domains");
	if (pw == NULL || !deliver_is_person(pw))
		return why_later(w, "3.5", "%.40s is no user of the system "
		    "who gets mail", user);
	if (geteuid() != 0 && pw->pw_uid != geteuid())
		return why_later(w, "3.5", "Only a server that root has "
		    "started can become %.40s", user);
	return true;
}

/* The group of mailboxes is for his mbox alone: where his commands could run it
 * is not there. */
static int
start_for_user(const char *user, bool mailbox, int content, struct why *w)
{
	const struct settings *s = house_settings();
	const char *argv[ARGUMENTS + 1] = { NULL };
	int files[1] = { content }, fd;
	struct spawn job = { .files = files, .files_n = 1,
		.setting = house_file() };
	struct str sendmail = { 0 };

	if (!may_be_person(user, w))
		return -1;
	drain_sendmail(&sendmail);
	argv[USER] = user;
	argv[MODE] = mailbox ? s->system_mailbox : "forward";
	argv[SENDMAIL] = str_c(&sendmail);
	if (geteuid() == 0) {
		job.user = user;
		if (strcmp(argv[MODE], "mbox") == 0)
			job.group = MAIL_GROUP;
	}
	fd = start(&job, argv, w);
	str_free(&sendmail);
	return fd;
}

void
deliver_start(struct channel *c, uint32_t tag, struct msg_deliver_start *m)
{
	struct message answer = { .type = MSG_helper_started, .tag = tag };
	char *user = xstrndup(m->user.p, m->user.n);
	struct why w;

	answer.helper_started.socket = user[0] == '\0' ?
	    start_for_alias(m->content, &w) :
	    start_for_user(user, m->mailbox != 0, m->content, &w);
	free(user);
	if (answer.helper_started.socket >= 0)
		channel_send(c, &answer);
	else
		channel_answer(c, tag, &w);
}
