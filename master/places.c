/* SPDX-License-Identifier: ISC */
/*
 * places - one table of directories, owners and modes
 *
 * queue and store share the group posthouse: delivery is a link that store
 * makes to a file of queue. Where set-group-id bits are forbidden (systemd's
 * RestrictSUIDSGID) the primary group of queue has to do, and does.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <pwd.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/mail/place.h"
#include "master/places.h"

#define SHARED_GROUP	"posthouse"
#define FANOUT		256	/* 00 to ff */

enum how_many {
	PLACE_ONE,
	PLACE_FANOUT	/* and 00 to ff below it, alike */
};

struct place {
	const char *setting, *below;
	mode_t mode;
	const char *owner;	/* NULL: master's own */
	enum how_many kind;
	bool shared;		/* with the group */
};

static const struct place places[] = {
	{ "run_dir", "", 0755, NULL, PLACE_ONE, false },
	/* the root directory of programs that need no files */
	{ "run_dir", "/empty", 0555, NULL, PLACE_ONE, false },
	{ "spool_dir", "", 0711, NULL, PLACE_ONE, false },
	{ "spool_dir", "/content", 02770, "posthouse-queue", PLACE_FANOUT,
	    true },
	{ "spool_dir", "/journal", 0700, "posthouse-queue", PLACE_ONE, false },
	{ "spool_dir", "/lost", 0700, "posthouse-queue", PLACE_ONE, false },
	{ "spool_dir", "/drop", 01733, "posthouse-queue", PLACE_ONE, false },
	{ "mail_dir", "", 0700, "posthouse-store", PLACE_ONE, false },
	{ "state_dir", "", 0711, NULL, PLACE_ONE, false },
	{ "state_dir", "/history", 0700, "posthouse-history", PLACE_ONE,
	    false },
	{ "state_dir", "/index", 0711, NULL, PLACE_ONE, false },
	{ "state_dir", "/index/auth", 0700, "posthouse-auth", PLACE_ONE,
	    false },
	{ "state_dir", "/index/router", 0700, "posthouse-router", PLACE_ONE,
	    false },
	{ "state_dir", "/index/store", 0700, "posthouse-store", PLACE_ONE,
	    false },
};

struct maker {
	const struct settings *s;
	struct str *error;
	bool made;	/* something that was not there before */
};

bool
places_owned(const struct settings *s)
{
	return s->drop_privileges && geteuid() == 0;
}

static bool
complain(struct maker *m, const char *path, const char *what)
{
	str_addf(m->error, "%s: cannot %s: %s", path, what, strerror(errno));
	return false;
}

/* Whose it shall be; (uid_t)-1 and (gid_t)-1 leave it alone. */
static bool
owner_of(struct maker *m, const struct place *p, uid_t *uid, gid_t *gid)
{
	struct passwd *pw;
	struct group *gr;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (p->owner == NULL || !places_owned(m->s))
		return true;
	pw = getpwnam(p->owner);
	gr = p->shared ? getgrnam(SHARED_GROUP) : NULL;
	if (pw == NULL || (p->shared && gr == NULL)) {
		str_addf(m->error, "there is no system %s %s: make it as "
		    "INSTALL says, or set drop_privileges = no",
		    pw == NULL ? "user" : "group",
		    pw == NULL ? p->owner : SHARED_GROUP);
		return false;
	}
	*uid = pw->pw_uid;
	*gid = gr != NULL ? gr->gr_gid : pw->pw_gid;
	return true;
}

static bool
put_right(struct maker *m, const struct place *p, const char *path, int fd)
{
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (!owner_of(m, p, &uid, &gid))
		return false;
	if (fstat(fd, &st) < 0)
		return complain(m, path, "look at it");
	if (((uid != (uid_t)-1 && st.st_uid != uid) ||
		(gid != (gid_t)-1 && st.st_gid != gid)) &&
	    fchown(fd, uid, gid) < 0)
		return complain(m, path, "change its owner");
	if ((st.st_mode & 07777) == p->mode ||
	    (geteuid() != 0 && st.st_uid != geteuid()))
		return true;
	if (fchmod(fd, p->mode) < 0 && fchmod(fd, p->mode & 01777) < 0)
		return complain(m, path, "change its mode");
	return true;
}

static bool
make_directory(struct maker *m, const struct place *p, const char *path)
{
	int fd;
	bool fine;

	if (mkdir(path, p->mode & 0777) == 0)
		m->made = true;
	else if (errno == ENOENT && file_mkdirs(path, 0755))
		m->made = true;
	else if (errno != EEXIST)
		return complain(m, path, "make this directory");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return complain(m, path, "open this directory");
	/* The top directories are the administrator's to give away. */
	fine = (p->below[0] == '\0' && p->owner == NULL) ||
	    put_right(m, p, path, fd);
	close(fd);
	return fine;
}

/* ext4 passes over inodes that became free in the last minutes, one by one, when
 * it makes a file, and looks for one near the directory. The directories of the
 * fan take turns by the second: each has a part of the disk of its own, so that
 * this does not become slow where much mail comes and goes. Other file systems
 * know nothing of that. */
static void
spread(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), flags;

	if (fd < 0)
		return;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_TOPDIR_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	close(fd);
}

static bool
make_place(struct maker *m, const struct place *p)
{
	struct str path = { 0 };
	size_t n;
	bool fine;

	str_addf(&path, "%s%s", settings_path(m->s, p->setting), p->below);
	n = path.n;
	fine = make_directory(m, p, str_c(&path));
	if (fine && p->kind == PLACE_FANOUT)
		spread(str_c(&path));
	for (unsigned i = 0; p->kind == PLACE_FANOUT && fine && i < FANOUT;
	    i++) {
		path.n = n;
		str_addf(&path, "/%02x", i);
		fine = make_directory(m, p, str_c(&path));
	}
	str_free(&path);
	return fine;
}

/* New directories must survive a power cut before mail in them is promised. */
static bool
sync_places(struct maker *m)
{
	int fd = open(m->s->spool_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool fine = fd >= 0 && syncfs(fd) == 0;

	if (fd >= 0)
		close(fd);
	return fine || complain(m, m->s->spool_dir, "write it to the disk");
}

/* A part of the mail is worse than none: clients would forget the rest. */
static bool
is_whole(const struct settings *s, struct str *error)
{
	struct str note = { 0 };
	bool whole;

	str_addf(&note, "%s/" PLACE_RESTORING, s->mail_dir);
	whole = faccessat(AT_FDCWD, str_c(&note), F_OK, 0) < 0;
	if (!whole)
		str_addf(error, "%s is there: posthouse restore is under way, "
		    "or was interrupted; run it again, or remove this file to "
		    "start with what it has brought", str_c(&note));
	str_free(&note);
	return whole;
}

bool
places_make(const struct settings *s, struct str *error)
{
	struct maker m = { .s = s, .error = error };

	if (!is_whole(s, error))
		return false;
	for (size_t i = 0; i < nitems(places); i++)
		if (!make_place(&m, &places[i]))
			return false;
	return !m.made || sync_places(&m);
}
