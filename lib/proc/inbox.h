/* SPDX-License-Identifier: ISC */
/*
 * inbox - octets and descriptors that arrived in a channel
 *
 * Descriptors arrive no later than the first octet of the piece that they were
 * sent with, so each frame finds its own at the front of the queue.
 */
#ifndef PROC_INBOX_H
#define PROC_INBOX_H

#include <sys/types.h>

#include "lib/proc/message.h"

#define INBOX_STEP	65536	/* octets asked for at a time */

struct inbox {
	struct str bytes;
	int *fds;
	size_t fds_n;
	bool lost;		/* descriptors that could not be held */
};

/* One recvmsg: octets received, 0 when the peer is gone or its descriptors
 * cannot be held, -1 when nothing is there now. */
ssize_t inbox_receive(struct inbox *i, int fd);
/* The next whole frame at or behind *at, *at set behind it, with its
 * descriptors, which are the caller's then. The frame is valid until the next
 * inbox_receive() or inbox_drop(). */
enum inbox_state { INBOX_FRAME, INBOX_MORE, INBOX_GARBAGE };
enum inbox_state inbox_next(struct inbox *i, size_t *at, struct view *frame,
    struct fds *fds);
/* Forget the first n octets. */
void inbox_drop(struct inbox *i, size_t n);
void inbox_free(struct inbox *i);

#endif
