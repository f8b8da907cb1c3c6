/* SPDX-License-Identifier: ISC */
/*
 * restore - a backup comes back, as a whole or for one user
 *
 * All of it is for a server that does not run and has no mail: the directories
 * are copied as they were, and store makes its index of them. One user, or one
 * mailbox, is brought in by the server that runs, as ctl/import.h does it: nobody
 * sees a part of it, and what is there stays.
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

struct copying {
	int from, to;
	bool keep;		/* what is there already */
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
copy_file(struct copying *c, const char *name)
{
	char hex[SUM_HEX];
	uint64_t size;

	if (strcmp(name, SUMS_NAME) == 0)
		return true;
	if (c->keep && faccessat(c->to, name, F_OK, 0) == 0) {
		c->kept++;
		return true;
	}
	c->files++;
	return files_copy(c->from, name, c->to, name, 0600, hex, &size) &&
	    own(c, name);
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
copy_part(int set, const char *name, const char *into, bool keep)
{
	struct copying c = { .keep = keep };
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

static bool
is_other(void *arg, const char *name)
{
	(void)arg;
	errno = ENOTEMPTY;
	/* store's journal, which says nothing after an orderly stop */
	return name[0] == '.';
}

/* No domain in mail_dir, no segment in the journal. */
static int
check_empty(const char *dir, const char *below)
{
	struct str path = { 0 };
	int code = 0;

	str_addf(&path, "%s%s", dir, below);
	if (!files_each(AT_FDCWD, path.p, is_other, NULL) && errno != ENOENT)
		code = ctl_fail(EX_CANTCREAT, "%s: %s: all is restored only "
		    "where nothing is; name a user to restore his mail",
		    path.p, strerror(errno));
	str_free(&path);
	return code;
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

/* The mailboxes come last: what is there then is a whole restore. */
static int
restore_all(struct ctl *ctl, int set)
{
	static const struct handlers none = { .closed = link_closed };
	const struct settings *s = ctl_settings(ctl);
	char *file = xstrdup(ctl->file);
	int code = 0;

	if (link_try(ctl, &none))
		code = ctl_fail(EX_TEMPFAIL, "the server runs: stop it to "
		    "restore all, or name a user");
	if (code == 0)
		code = check_empty(s->mail_dir, "");
	if (code == 0)
		code = check_empty(s->spool_dir, "/journal");
	if (code == 0)
		code = backup_verify(set, VIEW_NONE);
	if (code == 0)
		code = make_dirs(s);
	if (code == 0)
		code = remove_index(s);
	if (code == 0)
		code = copy_part(set, "settings", dirname(file), true);
	if (code == 0)
		code = copy_part(set, "mail", s->mail_dir, false);
	if (code == 0)
		code = copy_part(set, "spool", s->spool_dir, true);
	free(file);
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
