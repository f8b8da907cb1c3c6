/* SPDX-License-Identifier: ISC */
/*
 * import - a directory lent out, then put in the place of cur/ or new/
 *
 * The lock is the lent descriptor's own: it ends with the command, however that
 * ends, and what it leaves behind is removed by the next.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/proc/message.h"
#include "lib/proc/pool.h"
#include "store/change.h"
#include "store/compare.h"
#include "store/durable.h"
#include "store/import.h"
#include "store/load.h"
#include "store/maildir.h"

#define LENT MAILDIR_IMPORT "/cur"

/* ---- a directory to put them into ---- */

struct lending {
	const char *path; /* of the user */
	int fd;
	int error;
};

/* Does a command that still runs have it? */
static bool
is_lent(int user)
{
	int fd = openat(
	    user, LENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	bool lent = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;

	if (fd >= 0)
		close(fd);
	return lent;
}

static void
lend_run(void *arg)
{
	struct lending *l = arg;
	struct maildir_remove old = { l->path, MAILDIR_IMPORT, 0 };
	int user = maildir_open(l->path);

	l->fd = -1;
	l->error = user < 0 ? errno : is_lent(user) ? EWOULDBLOCK : 0;
	if (l->error == 0)
		maildir_remove_run(&old);
	if (l->error == 0 && old.error != 0)
		l->error = old.error;
	if (l->error == 0) {
		if (mkdirat(user, MAILDIR_IMPORT, 0700) == 0 &&
		    mkdirat(user, LENT, 0700) == 0)
			l->fd = openat(user, LENT,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (l->fd < 0 || flock(l->fd, LOCK_EX | LOCK_NB) < 0)
			l->error = errno;
	}
	if (user >= 0)
		close(user);
}

static bool
lend(struct view user, struct message *reply, struct why *w)
{
	struct lending l = { 0 };
	struct str path = { 0 };

	if (!maildir_path(&path, user, VIEW_NONE, ""))
		return why_never(w, "1.1", "Not the name of a user");
	l.path = path.p;
	pool_call(lend_run, &l);
	str_free(&path);
	if (l.error == 0) {
		reply->import_into.directory = l.fd;
		return true;
	}
	if (l.fd >= 0)
		close(l.fd);
	if (l.error == EWOULDBLOCK)
		return why_later(w, "2.0", "Another command brings messages "
		    "for this user; wait for its end");
	return trouble_errno(w, "Making a directory", l.error);
}

bool
import_begin(struct request *r, struct why *w)
{
	const struct msg_import_begin *m = &r->m.import_begin;
	const char *user = request_user(r, m->session, w);
	struct message reply = { .type = MSG_import_into };
	struct mailbox *mb = user != NULL ?
	    mailbox_get(view_of(user), m->mailbox, w) : NULL;
	bool ok = mb != NULL && lend(view_of(user), &reply, w);

	if (mb != NULL)
		mailbox_unref(mb);
	if (ok)
		request_reply(r, &reply);
	return ok;
}

/* ---- what their letters mean here ---- */

struct lettering {
	int dir; /* the lent one */
	unsigned bit[PLACE_KEYWORDS]; /* of a letter, in this mailbox */
	int error;
};

/* The name with the letters of this mailbox; false when nothing changes. */
static bool
letter_name(const struct lettering *l, const char *name, struct str *to)
{
	struct place_message m;
	uint64_t keywords = 0;
	const char *info = strrchr(name, ':');
	uint32_t letters;

	if (info == NULL || !place_parse(view_of(name), "", &m))
		return false;
	for (unsigned i = 0; i < PLACE_KEYWORDS; i++)
		if (place_letter_keywords(m.letters) & 1u << i)
			keywords |= UINT64_C(1) << l->bit[i];
	letters = place_letters(place_letter_flags(m.letters), keywords);
	if (letters == m.letters)
		return false;
	str_addn(to, name, (size_t)(info - name));
	place_write_letters(to, letters);
	return true;
}

/* All names are read before the first is changed: a directory that is read while
 * its names change may show one twice. */
static void
letter_run(void *arg)
{
	struct lettering *l = arg;
	int fd = openat(l->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct str names = { 0 };
	struct dirent *e;
	struct view rest, name;

	l->error = d == NULL ? errno : 0;
	while (d != NULL && (e = readdir(d)) != NULL)
		list_put(&names, view_bytes(e->d_name, strlen(e->d_name) + 1));
	if (d != NULL)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	rest = str_view(&names);
	while (l->error == 0 && list_next(&rest, &name)) {
		struct str to = { 0 };

		if (letter_name(l, name.p, &to) &&
		    renameat(l->dir, name.p, l->dir, to.p) < 0)
			l->error = errno;
		str_free(&to);
	}
	str_free(&names);
}

/* Keywords beyond those that a mailbox may have are left out. */
static bool
letter(struct mailbox *mb, int dir, struct view keywords, struct why *w)
{
	struct lettering l = { .dir = dir };
	struct view item;
	unsigned n = 0;

	while (n < PLACE_KEYWORDS && list_next(&keywords, &item)) {
		struct str one = { 0 };
		uint64_t bits;

		list_put(&one, item);
		change_keywords(mb, str_view(&one), true, &bits);
		l.bit[n++] = bits != 0 ? (unsigned)__builtin_ctzll(bits) :
					 HEADER_KEYWORDS - 1;
		str_free(&one);
	}
	while (n < PLACE_KEYWORDS)
		l.bit[n++] = HEADER_KEYWORDS - 1;	/* has no letter */
	pool_call(letter_run, &l);
	return l.error == 0 || trouble_errno(w, "Naming messages", l.error);
}

/* ---- into the mailbox ---- */

struct taking {
	const char *user, *box;	/* paths */
	const char *part;	/* the directory that they become */
	struct view validity, keywords;	/* text files; empty: as they are */
	int error;
};

/* The files say what the names mean before the names are there. */
static void
take_run(void *arg)
{
	struct taking *t = arg;
	int user = maildir_open(t->user), box = maildir_open(t->box);
	bool ok = user >= 0 && box >= 0;

	if (ok && t->validity.n > 0)
		ok = file_replace(box, MAILDIR_UIDVALIDITY, t->validity, 0600);
	if (ok && t->keywords.n > 0)
		ok = file_replace(box, MAILDIR_KEYWORDS, t->keywords, 0600);
	ok = ok && file_sync_dir(user, LENT) &&
	     renameat(user, LENT, box, t->part) == 0 && fsync(box) == 0;
	t->error = ok ? 0 : errno;
	if (ok) {
		unlinkat(user, MAILDIR_IMPORT, AT_REMOVEDIR);
		fsync(user);
	}
	if (user >= 0)
		close(user);
	if (box >= 0)
		close(box);
}

/* The lent directory becomes cur/ or new/, which has to be empty. */
static bool
take(struct mailbox *mb, const char *part, const struct msg_import_end *m,
    struct why *w)
{
	struct taking t = { .part = part };
	struct str user = { 0 }, box = { 0 }, validity = { 0 }, words = { 0 };
	struct view rest = m->keywords, item;

	maildir_path(&user, view_of(mb->user), VIEW_NONE, "");
	mailbox_path(mb, &box);
	t.user = user.p;
	t.box = box.p;
	if (strcmp(part, "cur") == 0) {
		if (m->uidvalidity != 0)
			maildir_uidvalidity_text(
			    &validity, m->uidvalidity, m->uidnext);
		while (list_next(&rest, &item))
			str_addf(&words, "%.*s\n", VIEW(item));
		t.validity = str_view(&validity);
		t.keywords = str_view(&words);
	}
	pool_call(take_run, &t);
	str_free(&user);
	str_free(&box);
	str_free(&validity);
	str_free(&words);
	return t.error == 0 || trouble_errno(w, "Taking in messages", t.error);
}

/* No message, and none whose file is on its way out. */
static bool
is_empty(const struct mailbox *mb)
{
	return mb->h.count == 0 && !index_has_rows(INDEX_GONE, mb->h.mailbox);
}

/* Nothing that the index knows of it counts any more: the note of that is safe
 * before anything else changes. */
static bool
become(struct mailbox *mb, const struct msg_import_end *m, struct why *w)
{
	bool ok;

	mb->h.known = false;
	mailbox_touch(mb);
	ok = request_safe(w) && take(mb, "cur", m, w);
	mailbox_stale(mb);
	return ok;
}

/* Is there anything in new/ that keeps another directory from its place? */
static bool
is_new_empty(const struct mailbox *mb)
{
	struct str path = { 0 };
	struct dirent *e;
	bool empty;
	DIR *d;
	int fd;

	mailbox_path(mb, &path);
	str_adds(&path, "/new");
	fd = maildir_open(path.p);
	d = fd < 0 ? NULL : fdopendir(fd);
	empty = d != NULL;
	while (empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0;
	if (d != NULL)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	str_free(&path);
	return empty;
}

/* What lies in new/ already, which is seldom anything, is taken in first. The note
 * of mailbox_working has a restart look for what it does not know there. */
static bool
join(struct mailbox *mb, int dir, const struct msg_import_end *m, struct why *w)
{
	return mailbox_load(mb, w) && letter(mb, dir, m->keywords, w) &&
	       (is_new_empty(mb) || compare(mb, COMPARE_REBUILD, w)) &&
	       (mailbox_working(mb) || request_safe(w)) &&
	       take(mb, "new", m, w) && compare(mb, COMPARE_REBUILD, w);
}

static int
open_lent(const struct mailbox *mb)
{
	struct str path = { 0 };
	int fd = -1;

	if (maildir_path(&path, view_of(mb->user), VIEW_NONE, LENT))
		fd = maildir_open(path.p);
	str_free(&path);
	return fd;
}

static bool
bring(struct mailbox **mb, struct view user, const struct msg_import_end *m,
    bool *kept, struct why *w)
{
	int dir;
	bool ok;

	if (!mailbox_seize(*mb, w))
		return false;
	dir = open_lent(*mb);
	*kept = is_empty(*mb);
	if (dir < 0)
		ok = trouble_errno(w, "Taking in messages", errno);
	else
		ok = *kept ? become(*mb, m, w) : join(*mb, dir, m, w);
	if (dir >= 0)
		close(dir);
	mailbox_ready(*mb);
	if (!ok || !*kept)
		return ok;
	mailbox_unref(*mb);
	*mb = mailbox_get(user, m->mailbox, w);
	return *mb != NULL;
}

bool
import_end(struct request *r, struct why *w)
{
	const struct msg_import_end *m = &r->m.import_end;
	const char *user = request_user(r, m->session, w);
	struct mailbox *mb = user != NULL ?
	    mailbox_get(view_of(user), m->mailbox, w) : NULL;
	bool kept;

	if (mb == NULL)
		return false;
	if (bring(&mb, view_of(user), m, &kept, w) && mailbox_settle(mb, w)) {
		if (kept && m->uidvalidity != 0)
			why_done(w, "0.0", "with the UIDs that they had");
		else
			why_done(w, "0.0", "with new UIDs");
	}
	if (mb != NULL)
		mailbox_unref(mb);
	return false;
}
