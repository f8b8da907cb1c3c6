/* SPDX-License-Identifier: ISC */
/*
 * file - whole-file helpers with the errors told
 *
 * All return false or -1 with errno set. Every open is close-on-exec and does
 * not follow a symbolic link in the last component unless said.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "lib/base/str.h"

/* Read all of the file, at most max bytes (EFBIG beyond); dirfd as openat.
 * Follows links: configuration files often are. */
bool file_read(int dirfd, const char *path, size_t max, struct str *out);
/* Read all from a descriptor, from its beginning if seekable. */
bool file_read_fd(int fd, size_t max, struct str *out);
/* Write all, whatever write(2) takes at a time. */
bool file_write_all(int fd, struct view v);
bool file_pwrite_all(int fd, struct view v, off_t at);
/* Exactly n bytes at an offset; EIO when the file is shorter. */
bool file_pread_all(int fd, void *p, size_t n, off_t at);
/* Replace path by new contents so that a crash leaves the old or the new:
 * temporary name, fsync, rename, directory fsync. mode as open. */
bool file_replace(int dirfd, const char *path, struct view v, mode_t mode);
/* Make the directory and its parents; an existing one is fine. */
bool file_mkdirs(const char *path, mode_t mode);
/* fsync of a directory opened for it. */
bool file_sync_dir(int dirfd, const char *path);
/* A sealed, read-only memfd with these contents; -1 on error. */
int file_memfd(const char *name, struct view v);
/* The same in pieces: an empty one to be written to, -1 on error; then nobody can
 * change it any more. */
int file_memfd_open(const char *name);
bool file_memfd_seal(int fd);
/* Is it a memfd that nobody can change or cut any more? What a less trusted
 * program hands over must be, before it is read or mapped. */
bool file_is_sealed(int fd);
/* Map a sealed memfd or file read-only; p NULL on error, "" when empty. */
struct view file_map(int fd);
void file_unmap(struct view v);

#endif
