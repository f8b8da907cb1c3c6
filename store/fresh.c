/* SPDX-License-Identifier: ISC */
/*
 * fresh - syncing and comparing, in threads
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/record.h"
#include "lib/proc/pool.h"
#include "store/fresh.h"
#include "store/link.h"
#include "store/load.h"
#include "store/maildir.h"

#define FRESH_S		600	/* queue syncs within seconds */
#define ROUNDS		3	/* more may arrive meanwhile */

static bool
is_fresh(const struct entry *e)
{
	return e->kind == PLACE_DELIVERED &&
	    e->r.saved + FRESH_S > clock_wall();
}

/* ---- before a copy ---- */

struct syncing {
	struct mailbox *mb;
	uint32_t after, last;	/* UIDs synced in rounds before, seen now */
	int cur;
	char **names;
	size_t n;
	int error;
};

static void
collect(void *arg, size_t i)
{
	struct syncing *s = arg;
	struct str name = { 0 };
	struct entry e;

	records_at(&s->mb->records, i, &e);
	if (e.r.uid <= s->after || !is_fresh(&e))
		return;
	mailbox_file_name(&e, &name);
	s->names = xrealloc(s->names, (s->n + 1) * sizeof(*s->names));
	s->names[s->n++] = name.p;
	s->last = e.r.uid;
}

static void
sync_run(void *arg)
{
	struct syncing *s = arg;

	for (size_t i = 0; i < s->n && s->error == 0; i++) {
		int fd = maildir_open_file(s->cur, s->names[i]);

		/* gone or renamed meanwhile: the copy will see that itself */
		if (fd < 0)
			continue;
		if (fdatasync(fd) < 0)
			s->error = errno;
		close(fd);
	}
}

static void
syncing_free(struct syncing *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	free(s->names);
	s->names = NULL;
	s->n = 0;
}

bool
fresh_sync(struct mailbox *mb, const struct numset *uids, struct why *w)
{
	struct syncing s = { .mb = mb, .cur = mb->cur };

	for (int i = 0; i < ROUNDS; i++) {
		if (!mailbox_usable(mb, w) || !mailbox_load(mb, w))
			return false;
		records_each(&mb->records, uids, collect, &s);
		if (s.n == 0)
			return true;
		pool_call(sync_run, &s);
		syncing_free(&s);
		if (s.error != 0)
			return trouble_errno(w, "Syncing a message", s.error);
		s.after = s.last;
	}
	return true;
}

/* ---- delivered again ---- */

struct mending {
	int cur, content_dir;
	const char *from;
	char *name;
	bool mended;
	int error;
};

static bool
same_octets(int a, int b, off_t size)
{
	char block[2][16384];

	for (off_t at = 0; at < size;) {
		ssize_t n = pread(a, block[0], sizeof(block[0]), at);

		if (n <= 0 || pread(b, block[1], (size_t)n, at) != n ||
		    memcmp(block[0], block[1], (size_t)n) != 0)
			return false;
		at += n;
	}
	return true;
}

static bool
is_whole(int dir, const char *name, int spool)
{
	int fd = maildir_open_file(dir, name);
	struct stat a, b;
	bool whole;

	if (fd < 0)
		return false;
	whole = fstat(fd, &a) == 0 && fstat(spool, &b) == 0 &&
	    a.st_size == b.st_size &&
	    ((a.st_ino == b.st_ino && a.st_dev == b.st_dev) ||
		same_octets(fd, spool, a.st_size));
	close(fd);
	return whole;
}

static bool
replace(struct mending *m)
{
	static const char temporary[] = "../tmp/mended";

	unlinkat(m->cur, temporary, 0);
	return linkat(m->content_dir, m->from, m->cur, temporary, 0) == 0 &&
	    renameat(m->cur, temporary, m->cur, m->name) == 0 &&
	    fsync(m->cur) == 0;
}

static void
mend_run(void *arg)
{
	struct mending *m = arg;
	int spool = maildir_open_file(m->content_dir, m->from);

	if (spool < 0) {
		m->error = errno;
		return;
	}
	if (!is_whole(m->cur, m->name, spool)) {
		m->mended = replace(m);
		m->error = m->mended ? 0 : errno;
	}
	close(spool);
}

bool
fresh_mend(struct mailbox *mb, uint32_t uid, int content_dir,
    const char *from, struct why *w)
{
	struct mending m = { .cur = mb->cur, .content_dir = content_dir,
		.from = from };
	struct str name = { 0 };
	struct entry e;
	size_t i;

	if (!mailbox_usable(mb, w) || !mailbox_load(mb, w))
		return false;
	i = records_find(&mb->records, uid);
	if (i == mb->records.n)
		return true;
	records_at(&mb->records, i, &e);
	mailbox_file_name(&e, &name);
	m.name = name.p;
	pool_call(mend_run, &m);
	if (m.mended)
		log_warning("deliver", "mended user=%s mailbox=%s uid=%u",
		    mb->user, log_quote(view_of(mb->name)), uid);
	str_free(&name);
	if (m.error != 0)
		return trouble_errno(w, "Looking at a delivered message",
		    m.error);
	return true;
}
