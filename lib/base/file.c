/* SPDX-License-Identifier: ISC */
/*
 * file - reading and replacing whole files
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/file.h"

#define READ_STEP	65536

bool
file_read_fd(int fd, size_t max, struct str *out)
{
	off_t at = 0;
	bool seekable = lseek(fd, 0, SEEK_CUR) >= 0;
	char *to;
	ssize_t n;

	for (;;) {
		if (out->n > max) {
			errno = EFBIG;
			return false;
		}
		to = str_room(out, READ_STEP);
		if (to == NULL) {
			errno = EFBIG;
			return false;
		}
		n = seekable ? pread(fd, to, READ_STEP, at) :
			       read(fd, to, READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		out->n += (size_t)n;
		at += n;
	}
	out->p[out->n] = '\0';
	if (n == 0 && out->n > max) {
		errno = EFBIG;
		return false;
	}
	return n == 0;
}

bool
file_read(int dirfd, const char *path, size_t max, struct str *out)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC), saved;
	bool ok;

	if (fd < 0)
		return false;
	ok = file_read_fd(fd, max, out);
	saved = errno;
	close(fd);
	errno = saved;
	return ok;
}

bool
file_write_all(int fd, struct view v)
{
	while (v.n > 0) {
		ssize_t n = write(fd, v.p, v.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		v = view_skip(v, (size_t)n);
	}
	return true;
}

bool
file_pwrite_all(int fd, struct view v, off_t at)
{
	while (v.n > 0) {
		ssize_t n = pwrite(fd, v.p, v.n, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		v = view_skip(v, (size_t)n);
		at += n;
	}
	return true;
}

bool
file_pread_all(int fd, void *p, size_t n, off_t at)
{
	char *to = p;

	while (n > 0) {
		ssize_t got = pread(fd, to, n, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
		at += got;
	}
	return true;
}

bool
file_sync_dir(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	close(fd);
	return ok;
}

static bool
write_new(int dirfd, const char *path, struct view v, mode_t mode)
{
	int fd = openat(dirfd, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	bool ok;

	if (fd < 0)
		return false;
	ok = fchmod(fd, mode) == 0 && file_write_all(fd, v) && fsync(fd) == 0;
	return close(fd) == 0 && ok;
}

bool
file_replace(int dirfd, const char *path, struct view v, mode_t mode)
{
	struct str temp = { 0 }, dir = { 0 };
	const char *slash = strrchr(path, '/');
	bool ok;

	str_addf(&temp, "%s.new%d", path, (int)getpid());
	if (slash == NULL)
		str_adds(&dir, ".");
	else
		str_addn(&dir, path, (size_t)(slash - path) + 1);
	unlinkat(dirfd, temp.p, 0);
	ok = write_new(dirfd, temp.p, v, mode) &&
	    renameat(dirfd, temp.p, dirfd, path) == 0 &&
	    file_sync_dir(dirfd, dir.p);
	if (!ok) {
		int saved = errno;

		unlinkat(dirfd, temp.p, 0);
		errno = saved;
	}
	str_free(&temp);
	str_free(&dir);
	return ok;
}

bool
file_mkdirs(const char *path, mode_t mode)
{
	char *copy = xstrdup(path);
	bool ok = true;

	for (char *p = copy + 1; ok && *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		ok = mkdir(copy, mode) == 0 || errno == EEXIST;
		*p = '/';
	}
	ok = ok && (mkdir(copy, mode) == 0 || errno == EEXIST);
	free(copy);
	return ok;
}

int
file_memfd_open(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

bool
file_memfd_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE) == 0;
}

int
file_memfd(const char *name, struct view v)
{
	int fd = file_memfd_open(name);

	if (fd < 0)
		return -1;
	/* whoever reads it from where it stands begins at the beginning */
	if (!file_pwrite_all(fd, v, 0) || !file_memfd_seal(fd)) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

bool
file_is_sealed(int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int has = fcntl(fd, F_GET_SEALS);

	return has >= 0 && (has & seals) == seals;
}

struct view
file_map(int fd)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return (struct view){ NULL, 0 };
	if (st.st_size == 0)
		return VIEW_NONE;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return (struct view){ NULL, 0 };
	return (struct view){ p, (size_t)st.st_size };
}

void
file_unmap(struct view v)
{
	if (v.n > 0)
		munmap((void *)(uintptr_t)v.p, v.n);
}
