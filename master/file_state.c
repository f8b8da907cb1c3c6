/* SPDX-License-Identifier: ISC */
/*
 * file_state - what tells one state of a file from another
 *
 * The time of change is among it: whoever writes within a second of the last
 * write, and as many octets, cannot keep that one as it was.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "master/file_state.h"

struct file_state
file_state_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct file_state){ 0 };
	return (struct file_state){ st.st_dev, st.st_ino, st.st_size,
		st.st_mtim, st.st_ctim };
}

bool
file_state_same(const struct file_state *a, const struct file_state *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->size == b->size && a->modified.tv_sec == b->modified.tv_sec &&
	    a->modified.tv_nsec == b->modified.tv_nsec &&
	    a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec;
}

int
file_state_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}
