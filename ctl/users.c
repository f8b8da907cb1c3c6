/* SPDX-License-Identifier: ISC */
/*
 * users - the users file as lines
 *
 * The lock is on the file itself; as a change replaces the file, whoever waited
 * for the lock looks again whether it still holds the one with the name. A new
 * file belongs to root and can be read by the group of auth.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/users.h"
#include "lib/base/file.h"
#include "lib/mail/users_file.h"

#define FILE_MOST	((size_t)1 << 30)
#define AUTH_GROUP	"posthouse-auth"

static bool
complain(struct str *error, const char *what, const char *path)
{
	str_addf(error, "cannot %s %s: %s", what, path, strerror(errno));
	return false;
}

/* Made empty, so that there is something to lock. */
static int
open_or_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct group *gr;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	gr = fd >= 0 && geteuid() == 0 ? getgrnam(AUTH_GROUP) : NULL;
	if (gr != NULL && fchown(fd, (uid_t)-1, gr->gr_gid) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
is_still(int fd, const char *path)
{
	struct stat held, there;

	return fstat(fd, &held) == 0 && stat(path, &there) == 0 &&
	    held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

bool
users_begin(struct users_edit *e, const char *path, struct str *error)
{
	*e = (struct users_edit){ .path = path, .fd = -1 };
	do {
		if (e->fd >= 0)
			close(e->fd);
		e->fd = open_or_make(path);
		if (e->fd < 0 || flock(e->fd, LOCK_EX) < 0)
			break;
	} while (!is_still(e->fd, path));
	if (e->fd >= 0 && file_read_fd(e->fd, FILE_MOST, &e->text))
		return true;
	complain(error, "read", path);
	users_abort(e);
	return false;
}

void
users_abort(struct users_edit *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	str_wipe(&e->text);
	str_free(&e->text);
}

/* A file beside the old one, with its owner and mode. */
static bool
write_beside(struct users_edit *e, const char *temp, struct view text)
{
	struct stat st;
	int fd;
	bool fine;

	if (fstat(e->fd, &st) < 0)
		return false;
	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	fine = ((st.st_uid == geteuid() && st.st_gid == getegid()) ||
		   fchown(fd, st.st_uid, st.st_gid) == 0) &&
	    fchmod(fd, st.st_mode & 0777) == 0 && file_write_all(fd, text) &&
	    fsync(fd) == 0;
	return close(fd) == 0 && fine;
}

static bool
sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str dir = { 0 };
	bool fine;

	if (slash == NULL)
		return file_sync_dir(AT_FDCWD, ".");
	str_addn(&dir, path, (size_t)(slash - path) + 1);
	fine = file_sync_dir(AT_FDCWD, str_c(&dir));
	str_free(&dir);
	return fine;
}

bool
users_commit(struct users_edit *e, const struct str *text, struct str *error)
{
	struct str temp = { 0 };
	bool fine;

	str_addf(&temp, "%s.new", e->path);
	fine = write_beside(e, str_c(&temp), str_view(text)) &&
	    rename(str_c(&temp), e->path) == 0 && sync_parent(e->path);
	if (!fine) {
		complain(error, "write", e->path);
		unlink(str_c(&temp));
	}
	str_free(&temp);
	users_abort(e);
	return fine;
}

struct view
users_find(struct view text, struct view name, struct view domain)
{
	struct users_line own = { 0 };
	struct view line = { NULL, 0 };

	while (text.n > 0) {
		const char *begin = text.p;
		struct view l = view_cut(&text, '\n');
		const char *end = text.n > 0 ? text.p : l.p + l.n;

		if (users_line(l, domain, &own) &&
		    view_eq(str_view(&own.name), name)) {
			line = view_bytes(begin, (size_t)(end - begin));
			break;
		}
	}
	str_free(&own.name);
	return line;
}
