/* SPDX-License-Identifier: ISC */
/*
 * message_file - written once, never followed through a link
 */
#include <fcntl.h>
#include <unistd.h>

#include "ctl/message_file.h"
#include "lib/base/file.h"

bool
message_file_write(int dir, const char *name, struct view text, int64_t date,
    const struct stat *owner)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = date } };
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && file_write_all(fd, text) &&
	    futimens(fd, times) == 0 &&
	    (owner == NULL || geteuid() != 0 ||
		fchown(fd, owner->st_uid, owner->st_gid) == 0);

	if (fd >= 0 && close(fd) < 0)
		ok = false;
	return ok;
}
