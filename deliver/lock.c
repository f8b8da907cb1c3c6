/* SPDX-License-Identifier: ISC */
/*
 * lock - fcntl, then O_EXCL
 *
 * A dot-lock that is older than five minutes and whose process does not exist is
 * one that was left behind.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver/lock.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#define STALE_S		300
#define LOCK_MOST	64	/* octets in one */

static bool
set_lock(int fd, short type)
{
	struct flock f = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &f) == 0;
}

/* Whoever wrote his process number there is gone, or wrote none. */
static bool
is_orphan(int dir, const char *name)
{
	struct str text = { 0 };
	uint64_t pid = 0;
	bool alive;

	file_read(dir, name, LOCK_MOST, &text);
	alive = view_u64(view_trim(str_view(&text)), INT32_MAX, &pid) &&
	    pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
	str_free(&text);
	return !alive;
}

static bool
is_stale(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) &&
	       clock_wall() - (int64_t)st.st_mtime > STALE_S &&
	       is_orphan(dir, name);
}

static int
make(int dir, const char *name)
{
	return openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/* Takes name, if it becomes the lock's. */
static bool
dot_lock(struct lock *l, char *name)
{
	struct str text = { 0 };
	int fd = make(l->dir, name);

	if (fd < 0 && errno == EEXIST && is_stale(l->dir, name)) {
		unlinkat(l->dir, name, 0);
		fd = make(l->dir, name);
	}
	if (fd < 0) {
		bool may_not = errno == EACCES || errno == EPERM ||
		    errno == EROFS;

		free(name);
		return may_not;
	}
	str_addf(&text, "%ld\n", (long)getpid());
	(void)!file_write_all(fd, str_view(&text));
	str_free(&text);
	close(fd);
	l->name = name;
	return true;
}

bool
lock_try(struct lock *l, int dir, const char *base, int fd)
{
	struct str name = { 0 };

	*l = (struct lock){ .dir = dir };
	if (!set_lock(fd, F_WRLCK))
		return false;
	str_addf(&name, "%s.lock", base);
	if (dot_lock(l, name.p))
		return true;
	set_lock(fd, F_UNLCK);
	return false;
}

void
lock_drop(struct lock *l)
{
	if (l->name != NULL)
		unlinkat(l->dir, l->name, 0);
	free(l->name);
	l->name = NULL;
}
