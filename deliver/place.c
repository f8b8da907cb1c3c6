/* SPDX-License-Identifier: ISC */
/*
 * place - look before and behind each open
 *
 * Links on the way to the last name are followed, as /var/mail may be one, and
 * what they lead to is looked at. The last name is never followed.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver/place.h"

static const struct {
	int error;
	const char *status;
} statuses[] = {
	{ ENOSPC, "3.1" },
	{ EDQUOT, "2.2" },
	{ EFBIG, "2.2" },
	{ EACCES, "3.5" },
	{ EPERM, "3.5" },
	{ ENOENT, "3.5" },
	{ ENOTDIR, "3.5" },
	{ ELOOP, "3.5" },
	{ EISDIR, "3.5" },
};

bool
place_errno(struct why *w, const char *what)
{
	const char *status = "3.0";
	int error = errno;

	for (size_t i = 0; i < nitems(statuses); i++)
		if (statuses[i].error == error)
			status = statuses[i].status;
	return why_later(w, status, "%s: %s", what, strerror(error));
}

static int
refuse(struct why *w, const char *name, const char *what)
{
	why_later(w, "3.5", "%.120s %s: nothing is written there", name, what);
	return -1;
}

/* The directory itself and all above it; path is without links, and as it
 * was in the end. */
static bool
are_safe(char *path, struct why *w)
{
	struct stat st;
	char *slash;

	for (;;) {
		const char *name = path[0] != '\0' ? path : "/";

		if (stat(name, &st) < 0)
			return place_errno(w, name);
		if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
			return refuse(w, name,
			    "can be changed by everybody") >= 0;
		slash = strrchr(path, '/');
		if (slash == NULL || path[0] == '\0')
			return true;
		*slash = '\0';
	}
}

int
place_directory(const char *path, const char **base, struct why *w)
{
	const char *slash = strrchr(path, '/');
	char *parent = xmalloc((size_t)(slash - path) + 2), *real;
	int fd = -1;

	memcpy(parent, path, (size_t)(slash - path));
	strcpy(parent + (slash - path), slash == path ? "/" : "");
	*base = slash + 1;
	real = realpath(parent, NULL);
	if (real != NULL)
		fd = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0) {
		place_errno(w, parent);
	} else if (!are_safe(real, w)) {
		close(fd);
		fd = -1;
	}
	free(real);
	free(parent);
	return fd;
}

static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != geteuid())
		return "belongs to somebody else";
	if (st->st_nlink != 1)
		return "has other names (hard links)";
	if (st->st_mode & (S_ISUID | S_ISGID))
		return "is set-uid or set-gid";
	if (st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))
		return "can be executed";
	return (st->st_mode & S_IWOTH) ? "can be written by everybody" : NULL;
}

/* Devices and the like are not even opened. */
static int
open_file(int dir, const char *base, bool *made)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC;
	struct stat st;

	*made = false;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISREG(st.st_mode))
			return openat(dir, base, flags);
		errno = S_ISDIR(st.st_mode) ? EISDIR :
		    S_ISLNK(st.st_mode) ? ELOOP : ENODEV;
		return -1;
	}
	*made = true;
	return errno == ENOENT ?
	    openat(dir, base, flags | O_CREAT | O_EXCL, 0600) : -1;
}

int
place_file(int dir, const char *base, bool *made, struct why *w)
{
	int fd = open_file(dir, base, made);
	struct stat st;
	const char *fault;

	if (fd < 0 && errno == ELOOP)
		return refuse(w, base, "is a symbolic link");
	if (fd < 0 && errno == ENODEV)
		return refuse(w, base, "is no regular file");
	if (fd < 0 || fstat(fd, &st) < 0) {
		place_errno(w, base);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	fault = fault_of(&st);
	if (fault == NULL)
		return fd;
	close(fd);
	return refuse(w, base, fault);
}

bool
place_is_there(int dir, const char *base, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	       fstatat(dir, base, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino && b.st_nlink == 1;
}

int
place_own_directory(int dir, const char *name, struct why *w)
{
	struct stat st;
	int fd;

	if (mkdirat(dir, name, 0700) == 0 ? fsync(dir) < 0 :
	    errno != EEXIST) {
		place_errno(w, name);
		return -1;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		place_errno(w, name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (st.st_uid == geteuid() && (st.st_mode & S_IWOTH) == 0)
		return fd;
	close(fd);
	return refuse(w, name, st.st_uid == geteuid() ?
	    "can be changed by everybody" : "belongs to somebody else");
}
