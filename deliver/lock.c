/* SPDX-License-Identifier: ISC */
/*
 * lock - fcntl, then O_EXCL
 *
 * Who is as careful as we are has the first lock, too. As that is ours when we see
 * a dot-lock, one whose process does not exist was left behind, and one without
 * a process when it is five minutes old.
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

/* 0: it names none. */
static pid_t
holder_of(int dir, const char *name)
{
	struct str text = { 0 };
	uint64_t pid;

	if (!file_read(dir, name, LOCK_MOST, &text) ||
	    !view_u64(view_trim(str_view(&text)), INT32_MAX, &pid))
		pid = 0;
	str_free(&text);
	return (pid_t)pid;
}

static bool
is_stale(int dir, const char *name)
{
	struct stat st;
	pid_t pid;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return false;
	pid = holder_of(dir, name);
	if (pid > 0)
		return kill(pid, 0) < 0 && errno == ESRCH;
	return clock_wall() - (int64_t)st.st_mtime > STALE_S;
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
	int fd = make(l->dir, name), error = errno;

	if (fd < 0 && error == EEXIST && is_stale(l->dir, name)) {
		unlinkat(l->dir, name, 0);
		fd = make(l->dir, name);
		error = errno;
	}
	if (fd < 0) {
		free(name);
		return error == EACCES || error == EPERM || error == EROFS;
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
