/* SPDX-License-Identifier: ISC */
/*
 * file_state - is a file still the one that was handed over
 *
 * For files that master opens for others and looks after: it never reads them,
 * and so goes by what the file system says of them.
 */
#ifndef MASTER_FILE_STATE_H
#define MASTER_FILE_STATE_H

#include <sys/types.h>

#include <stdbool.h>
#include <time.h>

struct file_state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

/* Zero when there is none. */
struct file_state file_state_of(const char *path);
bool file_state_same(const struct file_state *a, const struct file_state *b);
/* Open it for reading; -1 with errno, which is EINVAL when it is no file. */
int file_state_open(const char *path);

#endif
