/* SPDX-License-Identifier: ISC */
/*
 * edit - a lock on the file itself, a new file in its place
 *
 * As a change replaces the file, whoever waited for the lock looks again whether
 * it still holds the one with the name.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/edit.h"
#include "lib/base/file.h"

#define FILE_MOST	((size_t)1 << 30)

static bool
complain(struct str *error, const char *what, const char *path)
{
	str_addf(error, "cannot %s %s: %s", what, path, strerror(errno));
	return false;
}

/* Made empty, so that there is something to lock. */
static int
open_or_make(const char *path, const char *group)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct group *gr;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    group != NULL ? 0640 : 0644);
	gr = fd >= 0 && group != NULL && geteuid() == 0 ? getgrnam(group) :
							  NULL;
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

/* PATH.new */
static void
name_beside(const struct edit *e, struct str *out)
{
	str_addf(out, "%s.new", e->path);
}

bool
edit_begin(struct edit *e, const char *path, const char *group,
    struct str *error)
{
	bool locked;

	*e = (struct edit){ .path = path, .fd = -1 };
	do {
		if (e->fd >= 0)
			close(e->fd);
		e->fd = open_or_make(path, group);
		locked = e->fd >= 0 && flock(e->fd, LOCK_EX) == 0;
	} while (locked && !is_still(e->fd, path));
	if (locked && file_read_fd(e->fd, FILE_MOST, &e->text))
		return true;
	complain(error, "read", path);
	edit_abort(e);
	return false;
}

void
edit_abort(struct edit *e)
{
	struct str temp = { 0 };

	if (e->fd >= 0) {
		name_beside(e, &temp);
		unlink(temp.p);
		close(e->fd);
	}
	e->fd = -1;
	str_free(&temp);
	str_wipe(&e->text);
	str_free(&e->text);
}

/* A file beside the old one, with its owner and mode. */
static bool
write_beside(struct edit *e, const char *temp, struct view text)
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
edit_write(struct edit *e, const struct str *text, struct str *error)
{
	struct str temp = { 0 };
	bool fine;

	name_beside(e, &temp);
	fine = write_beside(e, temp.p, str_view(text));
	if (!fine)
		complain(error, "write", temp.p);
	str_free(&temp);
	return fine;
}

bool
edit_put(struct edit *e, struct str *error)
{
	struct str temp = { 0 };
	bool fine;

	name_beside(e, &temp);
	fine = rename(temp.p, e->path) == 0 && sync_parent(e->path);
	if (!fine)
		complain(error, "write", e->path);
	str_free(&temp);
	edit_abort(e);
	return fine;
}

bool
edit_commit(struct edit *e, const struct str *text, struct str *error)
{
	if (edit_write(e, text, error))
		return edit_put(e, error);
	edit_abort(e);
	return false;
}
