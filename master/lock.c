/* SPDX-License-Identifier: ISC */
/*
 * lock - the pid file
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "master/lock.h"

static int held = -1;
static char *held_path;

static void
tell_holder(int fd, const char *run_dir, struct str *error)
{
	struct str pid = { 0 };

	file_read_fd(fd, 64, &pid);
	str_addf(error, "a server with this run_dir (%s) is running already, "
	    "process id %.*s; \"posthouse stop\" stops it", run_dir,
	    VIEW(view_trim(str_view(&pid))));
	str_free(&pid);
}

bool
lock_take(const char *run_dir, struct str *error)
{
	struct str path = { 0 }, pid = { 0 };
	bool fine = false;
	int fd;

	str_addf(&path, "%s/master.pid", run_dir);
	str_addf(&pid, "%d\n", (int)getpid());
	fd = open(str_c(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	if (fd < 0)
		str_addf(error, "cannot open %s: %s", str_c(&path),
		    strerror(errno));
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		tell_holder(fd, run_dir, error);
	else if (ftruncate(fd, 0) < 0 ||
	    !file_pwrite_all(fd, str_view(&pid), 0))
		str_addf(error, "cannot write %s: %s", str_c(&path),
		    strerror(errno));
	else
		fine = true;
	if (fine) {
		held = fd;
		held_path = xstrdup(str_c(&path));
	} else if (fd >= 0) {
		close(fd);
	}
	str_free(&path);
	str_free(&pid);
	return fine;
}

void
lock_remove(void)
{
	if (held < 0)
		return;
	unlink(held_path);
	close(held);
	held = -1;
	free(held_path);
}
