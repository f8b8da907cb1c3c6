/* SPDX-License-Identifier: ISC */
/*
 * lock - the locks of an mbox, as Debian has them (policy 11.6)
 *
 * First fcntl(2) on the file, then BASE.lock beside it. Whoever has not got both
 * lets go of both before he tries again, so that nobody waits for the other.
 */
#ifndef DELIVER_LOCK_H
#define DELIVER_LOCK_H

#include "lib/base/base.h"

struct lock {
	int dir;
	char *name;	/* of the dot-lock; NULL: none is held */
};

/* One try. False: somebody else has it. Where the directory is not ours to
 * write, the first lock has to do. */
bool lock_try(struct lock *l, int dir, const char *base, int fd);
/* The first goes when fd is closed. */
void lock_drop(struct lock *l);

#endif
