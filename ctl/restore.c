/* SPDX-License-Identifier: ISC */
/*
 * restore - a backup comes back, as a whole or for one user
 *
 * All of it is for a server that does not run and has no mail: the directories
 * are copied as they were, and store makes its index of them. A note in mail_dir
 * says that this is under way; with it master starts nothing, and what was
 * interrupted begins anew. One user, or one mailbox, is brought in by the server
 * that runs, as ctl/import.h does it: nobody sees a part of it, and what is there
 * stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/backup.h"
#include "ctl/backup_files.h"
#include "ctl/import.h"
#include "ctl/link.h"
#include "ctl/output.h"
#include "lib/base/file.h"
#include "lib/mail/place.h"

/* ---- one user ---- */

/* mail/<domain>/<local>/ of him. */
static bool
user_path(const char *user, struct str *out)
{
	str_adds(out, "mail/");
	if (!place_user(view_of(user), out))
		return false;
	str_addc(out, '/');
	return true;
}

static int
bring(struct ctl *ctl, struct str *path)
{
	const char *user = ctl->argv[1], *to = ctl_value(ctl, OPTION_TO);
	const char *name = ctl->argc > 2 ? ctl->argv[2] : NULL;
	struct view as = view_of(to != NULL ? to : name != NULL ? name :
								  "INBOX");
	struct import i;
	int code;

	if (name != NULL && !place_folder(view_of(name), path))
		return ctl_fail(EX_USAGE, "%s is no name of a mailbox", name);
	code = import_begin(&i, ctl, user);
	if (code != 0)
		return code;
	return name != NULL ? import_folder(&i, path->p, as) :
			      import_maildir(&i, path->p, as);
}

static int
restore_user(struct ctl *ctl, int set, struct str *path)
{
	const char *user = ctl->argv[1];
	struct str below = { 0 };
	int code;

	if (!user_path(user, &below))
		code = ctl_fail(EX_USAGE, "%s is no user@domain", user);
	else if (faccessat(set, below.p, F_OK, 0) < 0)
		code = ctl_fail(EX_NOUSER, "%s: the backup has no mail of %s",
		    path->p, user);
	else
		code = backup_verify(set, str_view(&below));
	if (code == 0) {
		str_addf(path, "/%s", below.p);
		code = bring(ctl, path);
	}
	str_free(&below);
	return code;
}

/* ---- all of it ---- */

#define NEW_NAME ".restored"	/* of a file that is not whole yet */

/* How the files of a part come to where they belong. */
struct manner {
	bool keep;		/* what is there already */
	bool sync;		/* each: nothing says later that it is whole */
};

struct copying {
	int from, to;
	struct manner manner;
	uid_t uid;
	gid_t gid;
	size_t files, kept;
};

static bool copy_one(void *arg, const char *name);

static bool
own(const struct copying *c, const char *name)
{
	return geteuid() != 0 || fchownat(c->to, name, c->uid, c->gid,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
copy_dir(struct copying *c, const char *name, int from)
{
	struct copying below = *c;
	bool there = faccessat(c->to, name, F_OK, 0) == 0;
	bool ok;

	below.from = from;
	below.to = files_dir(c->to, name);
	ok = below.to >= 0 && (there || own(c, name)) &&
	    files_each(from, ".", copy_one, &below);
	if (below.to >= 0)
		close(below.to);
	c->files = below.files;
	c->kept = below.kept;
	return ok;
}

static bool
sync_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
copy_file(struct copying *c, const char *name)
{
	char hex[SUM_HEX];
	uint64_t size;

	if (strcmp(name, SUMS_NAME) == 0)
		return true;
	if (c->manner.keep && faccessat(c->to, name, F_OK, 0) == 0) {
		c->kept++;
		return true;
	}
	c->files++;
	return (unlinkat(c->to, NEW_NAME, 0) == 0 || errno == ENOENT) &&
	    files_copy(c->from, name, c->to, NEW_NAME, 0600, hex, &size) &&
	    own(c, NEW_NAME) &&
	    (!c->manner.sync || sync_file(c->to, NEW_NAME)) &&
	    renameat(c->to, NEW_NAME, c->to, name) == 0;
}

static bool
copy_one(void *arg, const char *name)
{
	struct copying *c = arg;
	int from = openat(c->from, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	bool ok = from >= 0 ? copy_dir(c, name, from) : copy_file(c, name);

	if (from >= 0)
		close(from);
	if (!ok)
		ctl_fail(0, "cannot restore %s: %s",
		    output_clean(view_of(name)), strerror(errno));
	return ok;
}

/* What the set has under this name goes into a directory that belongs to
 * somebody. */
static int
copy_part(int set, const char *name, const char *into, struct manner manner)
{
	struct copying c = { .manner = manner };
	struct stat st;
	int code = 0;

	c.from = openat(set, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c.to = open(into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.from < 0 || c.to < 0 || fstat(c.to, &st) < 0) {
		code = ctl_fail(EX_NOINPUT, "%s: %s", c.from < 0 ? name : into,
		    strerror(errno));
	} else {
		c.uid = st.st_uid;
		c.gid = st.st_gid;
		if (!files_each(c.from, ".", copy_one, &c) ||
		    syncfs(c.to) < 0)
			code = ctl_fail(EX_IOERR, "%s: %s", into,
			    strerror(errno));
	}
	if (code == 0 && c.kept > 0)
		printf("%s: %zu files restored, %zu were there and stay\n",
		    into, c.files, c.kept);
	else if (code == 0)
		printf("%s: %zu files restored\n", into, c.files);
	if (c.from >= 0)
		close(c.from);
	if (c.to >= 0)
		close(c.to);
	return code;
}

/* store's journal says nothing after an orderly stop. */
static bool
is_mail(const char *name)
{
	return name[0] != '.';
}

static bool
complain_mail(void *arg, const char *name)
{
	(void)arg;
	errno = ENOTEMPTY;
	return !is_mail(name);
}

static bool
remove_mail(void *arg, const char *name)
{
	return !is_mail(name) || files_remove(*(int *)arg, name);
}

/* No domain in mail_dir, no segment in the journal. */
static int
check_empty(const char *dir, const char *below)
{
	struct str path = { 0 };
	int code = 0;

	str_addf(&path, "%s%s", dir, below);
	if (!files_each(AT_FDCWD, path.p, complain_mail, NULL) &&
	    errno != ENOENT)
		code = ctl_fail(EX_CANTCREAT, "%s: %s: all is restored only "
		    "where nothing is; name a user to restore his mail",
		    path.p, strerror(errno));
	str_free(&path);
	return code;
}

/* What was brought there before somebody interrupted it. */
static int
clear(const char *dir, const char *below)
{
	struct str path = { 0 };
	int code = 0, fd;

	str_addf(&path, "%s%s", dir, below);
	fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((fd < 0 || !files_each(fd, ".", remove_mail, &fd)) &&
	    errno != ENOENT)
		code = ctl_fail(EX_IOERR, "cannot remove what an interrupted "
		    "restore has left in %s: %s", path.p, strerror(errno));
	if (fd >= 0)
		close(fd);
	str_free(&path);
	return code;
}

static int
make_room(const struct settings *s, bool again)
{
	int (*make)(const char *dir, const char *below) = again ? clear :
								  check_empty;
	int code = make(s->mail_dir, "");

	return code != 0 ? code : make(s->spool_dir, "/journal");
}

static int
remove_index(const struct settings *s)
{
	struct str path = { 0 };
	bool ok;

	str_addf(&path, "%s/index/store", s->state_dir);
	ok = files_remove(AT_FDCWD, path.p);
	str_free(&path);
	return ok ? 0 : ctl_fail(EX_IOERR, "cannot remove the index of the "
	    "mailboxes: %s", strerror(errno));
}

static int
make_dirs(const struct settings *s)
{
	return file_mkdirs(s->mail_dir, 0700) &&
	    file_mkdirs(s->spool_dir, 0711) ? 0 :
	    ctl_fail(EX_CANTCREAT, "cannot make the directories for mail: %s",
		strerror(errno));
}

static int
note_fails(const char *note)
{
	return ctl_fail(EX_IOERR, "%s: %s", note, strerror(errno));
}

static int
write_note(const char *note)
{
	return file_replace(AT_FDCWD, note, VIEW_LIT("posthouse restore\n"),
	    0600) ? 0 : note_fails(note);
}

/* All that it stands for is on the disk. */
static int
remove_note(const struct settings *s, const char *note)
{
	int dir = open(s->mail_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = dir >= 0 && unlink(note) == 0 && fsync(dir) == 0;
	int code = ok ? 0 : note_fails(note);

	if (dir >= 0)
		close(dir);
	return code;
}

/* The settings come first: without them nobody finds the note. */
static int
copy_all(struct ctl *ctl, int set, bool again)
{
	const struct settings *s = ctl_settings(ctl);
	const struct manner settings = { .keep = true, .sync = true };
	const struct manner mail = { .keep = false }, spool = { .keep = !again };
	char *file = xstrdup(ctl->file);
	int code = copy_part(set, "settings", dirname(file), settings);

	if (code == 0)
		code = copy_part(set, "mail", s->mail_dir, mail);
	if (code == 0)
		code = copy_part(set, "spool", s->spool_dir, spool);
	free(file);
	return code;
}

static int
restore_noted(struct ctl *ctl, int set, const char *note)
{
	const struct settings *s = ctl_settings(ctl);
	bool again = faccessat(AT_FDCWD, note, F_OK, 0) == 0;
	int code = 0;

	if (!again)
		code = make_room(s, again);
	if (code == 0)
		code = backup_verify(set, VIEW_NONE);
	if (code == 0)
		code = make_dirs(s);
	if (code == 0)
		code = write_note(note);
	if (code == 0 && again)
		code = make_room(s, again);
	if (code == 0)
		code = remove_index(s);
	if (code == 0)
		code = copy_all(ctl, set, again);
	return code != 0 ? code : remove_note(s, note);
}

static int
restore_all(struct ctl *ctl, int set)
{
	static const struct handlers none = { .closed = link_closed };
	struct str note = { 0 };
	int code;

	if (link_try(ctl, &none))
		return ctl_fail(EX_TEMPFAIL, "the server runs: stop it to "
		    "restore all, or name a user");
	str_addf(&note, "%s/" PLACE_RESTORING, ctl_settings(ctl)->mail_dir);
	code = restore_noted(ctl, set, note.p);
	str_free(&note);
	return code;
}

static int
restore(struct ctl *ctl)
{
	struct str path = { 0 };
	int set = backup_open(ctl->argv[0], &path), code;

	if (set < 0)
		code = EX_NOINPUT;
	else if (ctl->argc > 1)
		code = restore_user(ctl, set, &path);
	else
		code = restore_all(ctl, set);
	if (set >= 0)
		close(set);
	str_free(&path);
	return code;
}

const struct command restore_commands[] = {
	{ "restore", "DIR [USER@DOMAIN [MAILBOX]]", OPTION_TO, 1, 3, restore,
	    "bring a backup back, or what it has of one user" },
	{ 0 },
};
