/* SPDX-License-Identifier: ISC */
/*
 * outbox - frames and descriptors on their way out of a channel
 *
 * Octets are kept in one string and sent with as few system calls as can be.
 * Descriptors travel with the first octet of the piece that holds their frame;
 * they are closed here once the kernel has them.
 */
#ifndef PROC_OUTBOX_H
#define PROC_OUTBOX_H

#include "lib/proc/message.h"

struct sent_fd;
struct outbox {
	struct str bytes;
	size_t at;			/* sent already */
	struct sent_fd *fds;		/* in the order of their frames */
	size_t fds_n, fds_at, fds_cap;
};

/* Append a message; its descriptors belong to the outbox then. False when it
 * is too large: nothing is appended. */
bool outbox_put(struct outbox *o, const struct message *m);
/* Octets not yet sent. */
size_t outbox_backlog(const struct outbox *o);
/* Send what the peer takes now. */
enum outbox_state { OUTBOX_EMPTY, OUTBOX_WAITS, OUTBOX_BROKEN };
enum outbox_state outbox_flush(struct outbox *o, int fd);
/* Close what was not sent, free all. */
void outbox_free(struct outbox *o);

#endif
