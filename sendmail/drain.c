/* SPDX-License-Identifier: ISC */
/*
 * drain - hand what waits in the drop directory to the server
 *
 * Run by master as the user of the queue, one at a time (the directory is
 * locked). A file goes when the server has said 250 or has refused it for good
 * and the sender has been told; else it waits for the next time. The owner of
 * the file, which the kernel vouches for, is named in a Received field.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/date.h"
#include "sendmail/drop.h"
#include "sendmail/report.h"

#define STALE	(36 * 3600)	/* seconds: its writer has died */

struct drain {
	int dir;
	const struct settings *settings;
	const struct caller *caller;
	struct submit submit;
	bool stop;		/* the server does not take more now */
};

/* A file that somebody may have put there to do harm: only a plain one of one
 * name is read. */
static bool
read_dropped(struct drain *d, const char *name, struct str *text,
    struct stat *st)
{
	size_t most = d->settings->message_size_limit + (64u << 20);
	int fd = openat(d->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	    file_read_fd(fd, most, text);
	close(fd);
	return ok;
}

static void
received_write(struct str *out, const struct caller *c, const struct stat *st)
{
	str_addf(out, "Received: by %s (sendmail, from uid %u);\r\n\t",
	    c->hostname, (unsigned)st->st_uid);
	date_write(out, date_local(st->st_mtime));
	str_adds(out, "\r\n");
}

/* Out of the way, but not lost. */
static void
set_aside(struct drain *d, const char *name, const char *reason)
{
	struct str to = { 0 };

	str_addf(&to, "refused-%s", name);
	log_error(name, "kept as=drop/%s reason=\"%s\"", str_c(&to), reason);
	if (renameat(d->dir, name, d->dir, str_c(&to)) < 0)
		log_error(name, "rename error=\"%s\"", strerror(errno));
	str_free(&to);
}

static void
log_done(const char *name, const struct letter *l, const struct stat *st)
{
	log_info(name, "uid=%u from=<%s> nrcpt=%zu (handed in from drop)",
	    (unsigned)st->st_uid, log_quote(l->sender), l->rcpts);
}

/* Tell the sender what was refused. True: the file may go. */
static bool
tell_sender(struct drain *d, const char *name, const struct letter *l,
    const struct report *r)
{
	struct why w = { .text = "refused, and it has no sender" };

	if (l->sender.n > 0) {
		if (!submit_open(&d->submit, d->settings->run_dir,
		    d->caller->hostname, &w))
			return false;
		if (report_send(&d->submit, r, l, &w))
			return true;
		if (w.verdict != VERDICT_NEVER)
			return false;
	}
	set_aside(d, name, w.text);
	return false;
}

/* A report has a connection of its own: nothing of a refused mail is left on
 * it, and nothing of a refused report for the next mail. */
static bool
settle(struct drain *d, const char *name, const struct letter *l,
    const struct report *r)
{
	bool settled;

	if (r->text.n == 0)
		return true;
	submit_close(&d->submit);
	settled = tell_sender(d, name, l, r);
	submit_close(&d->submit);
	return settled;
}

static void
hand_in(struct drain *d, const char *name, struct letter *l,
    const struct stat *st)
{
	struct report report = { 0 };
	struct why w = { .verdict = VERDICT_NEVER };
	bool taken;

	d->submit.told = report_note;
	d->submit.told_arg = &report;
	taken = submit_letter(&d->submit, l, &w);
	if (!taken && w.verdict != VERDICT_NEVER) {
		log_warning(name, "waits reason=\"%s\"", w.text);
		/* one mail that has to wait keeps no other from its turn */
		d->stop = d->submit.fd < 0;
		submit_close(&d->submit);
		report_free(&report);
		return;
	}
	if (taken)
		log_done(name, l, st);
	else
		report_note_all(&report, l, &w);
	if (settle(d, name, l, &report) && unlinkat(d->dir, name, 0) < 0)
		log_error(name, "unlink error=\"%s\"", strerror(errno));
	report_free(&report);
}

static void
drain_one(struct drain *d, const char *name)
{
	struct arena arena;
	struct letter l = { .arena = &arena, .caller = d->caller };
	struct str text = { 0 };
	struct stat st;
	struct why w;

	arena_init(&arena);
	if (!read_dropped(d, name, &text, &st)) {
		set_aside(d, name, "not a plain file, or too large");
	} else {
		received_write(&l.content, d->caller, &st);
		if (!drop_parse(&l, str_view(&text)))
			set_aside(d, name, "not a letter");
		else if (d->submit.fd >= 0 || submit_open(&d->submit,
		    d->settings->run_dir, d->caller->hostname, &w))
			hand_in(d, name, &l, &st);
		else
			d->stop = true;
	}
	str_free(&text);
	letter_free(&l);
	arena_reset(&arena);
}

/* A temporary file whose writer has died. */
static void
remove_stale(struct drain *d, const char *name)
{
	struct stat st;

	if (fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_mtime < clock_wall() - STALE)
		unlinkat(d->dir, name, 0);
}

/* Where the other programs log; what is not ours to write goes to stderr. */
static void
log_to(const struct settings *s)
{
	int fd = -1;

	if (s->log_file[0] != '\0')
		fd = open(s->log_file, O_WRONLY | O_APPEND | O_CLOEXEC);
	log_open(s->log_ident, "sendmail", fd, LOG_LEVEL_INFO);
}

static bool
is_letter(const char *name)
{
	return strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
}

int
drop_drain(const struct settings *s, const struct caller *c)
{
	struct drain d = { .settings = s, .caller = c, .submit.fd = -1 };
	struct str path = { 0 };
	struct dirent *e;
	DIR *dir;

	str_addf(&path, "%s/drop", s->spool_dir);
	dir = opendir(str_c(&path));
	str_free(&path);
	if (dir == NULL)
		return errno == ENOENT ? EX_OK : EX_NOPERM;
	log_to(s);
	d.dir = dirfd(dir);
	d.stop = flock(d.dir, LOCK_EX | LOCK_NB) < 0;
	while (!d.stop && (e = readdir(dir)) != NULL) {
		if (is_letter(e->d_name))
			drain_one(&d, e->d_name);
		else if (e->d_name[0] == '.')
			remove_stale(&d, e->d_name);
	}
	submit_close(&d.submit);
	closedir(dir);
	return d.stop ? EX_TEMPFAIL : EX_OK;
}
