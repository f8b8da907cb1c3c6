/* SPDX-License-Identifier: ISC */
/*
 * content - creating, syncing and removing content files
 *
 * A file is group-writable (0660): smtpd and store may be other users of the
 * group of the house. Free space is asked for at most four times a second.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "queue/content.h"

#define SPACE_MS	250	/* how long an answer about free space counts */
#define NEW		".new"	/* file_replace()'s, perhaps only a part */

static struct {
	int dir[SPOOL_DIRS];
	int lost;
	uint64_t last;		/* newest id */
	uint64_t space;
	int64_t space_until;
} content;

static int
open_dir(int parent, const char *name, mode_t mode, bool *made)
{
	*made = mkdirat(parent, name, mode) == 0;
	if (!*made && errno != EEXIST)
		return -1;
	return openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

bool
content_start(int spool)
{
	bool made, any = false;
	int top = open_dir(spool, "content", 0770, &made);

	content.lost = open_dir(spool, "lost", 0700, &any);
	if (top < 0 || content.lost < 0)
		return false;
	for (unsigned i = 0; i < SPOOL_DIRS; i++) {
		char name[4];

		snprintf(name, sizeof(name), "%02x", i);
		content.dir[i] = open_dir(top, name, 0770, &made);
		if (content.dir[i] < 0)
			return false;
		any = any || made;
	}
	made = !any || fsync(top) == 0;
	close(top);
	return made;
}

int
content_lost_dir(void)
{
	return content.lost;
}

uint64_t
content_id(void)
{
	uint64_t now = (uint64_t)clock_wall_us();

	content.last = now > content.last ? now : content.last + 1;
	return content.last;
}

void
content_used(uint64_t id)
{
	if (id > content.last)
		content.last = id;
}

static const char *
name_of(uint64_t id, char name[SPOOL_ID_SIZE])
{
	return spool_id(id, name);
}

/* A message that is announced must fit, and leave the reserve free. */
static bool
has_room(uint64_t announced)
{
	int64_t now = clock_ms();
	struct statvfs v;

	if (now >= content.space_until) {
		if (fstatvfs(content.lost, &v) < 0)
			return false;
		content.space = (uint64_t)v.f_bavail * v.f_frsize;
		if (v.f_files > 0 && v.f_favail < 64)
			content.space = 0;
		content.space_until = now + SPACE_MS;
	}
	return content.space > announced &&
	    content.space - announced > service_settings()->spool_reserve;
}

bool
content_has_room(uint64_t announced, struct why *w)
{
	return has_room(announced) ||
	    why_later(w, "3.1", "Insufficient system storage");
}

int
content_create(uint64_t id, uint64_t announced, struct why *w)
{
	char name[SPOOL_ID_SIZE];
	int fd;

	if (!content_has_room(announced, w))
		return -1;
	fd = openat(content.dir[spool_dir(id)], name_of(id, name),
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0 && (errno == ENOSPC || errno == EDQUOT))
		why_later(w, "3.1", "Insufficient system storage");
	else if (fd < 0)
		why_errno(w, "cannot make a file in the spool");
	return fd;
}

int
content_open(uint64_t id)
{
	char name[SPOOL_ID_SIZE];

	return openat(content.dir[spool_dir(id)], name_of(id, name),
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

int
content_link(uint64_t of, uint64_t id, struct why *w)
{
	char old[SPOOL_ID_SIZE], name[SPOOL_ID_SIZE];
	int fd = -1;

	if (!content_has_room(0, w))
		return -1;
	if (linkat(content.dir[spool_dir(of)], name_of(of, old),
	    content.dir[spool_dir(id)], name_of(id, name), 0) < 0)
		why_errno(w, "cannot make a name in the spool");
	else if ((fd = content_open(id)) < 0)
		why_errno(w, "cannot open a file in the spool");
	return fd;
}

bool
content_remove(uint64_t id)
{
	char name[SPOOL_ID_SIZE];

	return unlinkat(content.dir[spool_dir(id)], name_of(id, name), 0) ==
	    0 || errno == ENOENT;
}

void
content_push(int fd)
{
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

bool
content_sync(int fd, uint64_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (uint64_t)st.st_size == size &&
	    fsync(fd) == 0;
}

bool
content_is_whole(uint64_t id, uint64_t size)
{
	char name[SPOOL_ID_SIZE];
	struct stat st;

	return fstatat(content.dir[spool_dir(id)], name_of(id, name), &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == size;
}

bool
content_sync_dir(unsigned dir)
{
	return fsync(content.dir[dir]) == 0;
}

bool
content_read(int fd, uint64_t size, struct str *out)
{
	struct stat st;
	char *to = str_room(out, size);

	if (to == NULL || fstat(fd, &st) < 0 || (uint64_t)st.st_size != size ||
	    !file_pread_all(fd, to, size, 0))
		return false;
	out->n += size;
	return true;
}

bool
content_restore(uint64_t id, struct view octets)
{
	char name[SPOOL_ID_SIZE];
	struct stat st;
	int fd = openat(content.dir[spool_dir(id)], name_of(id, name),
	    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	bool done = fd >= 0 && file_pwrite_all(fd, octets, 0) &&
	    fstat(fd, &st) == 0 &&
	    ((size_t)st.st_size == octets.n ||
		ftruncate(fd, (off_t)octets.n) == 0);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return done;
}

bool
content_replace(uint64_t id, struct view octets)
{
	char name[SPOOL_ID_SIZE];

	return file_replace(content.dir[spool_dir(id)], name_of(id, name),
	    octets, 0660);
}

bool
content_sync_all(void)
{
	return syncfs(content.lost) == 0;
}

static void
decide(unsigned dir, const char *name, enum content_fate fate)
{
	if (fate == CONTENT_REMOVE)
		unlinkat(content.dir[dir], name, 0);
	if (fate == CONTENT_LOST &&
	    renameat(content.dir[dir], name, content.lost, name) < 0)
		log_error(name, "cannot move to spool/lost: %s",
		    strerror(errno));
}

void
content_each(enum content_fate (*fn)(void *arg, uint64_t id), void *arg)
{
	for (unsigned i = 0; i < SPOOL_DIRS; i++) {
		int fd = openat(content.dir[i], ".",
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		struct dirent *e;
		uint64_t id;

		while (d != NULL && (e = readdir(d)) != NULL)
			if (spool_id_parse(view_of(e->d_name), &id))
				decide(i, e->d_name, fn(arg, id));
			else if (strstr(e->d_name, NEW) != NULL)
				decide(i, e->d_name, CONTENT_REMOVE);
		if (d != NULL)
			closedir(d);
	}
}
