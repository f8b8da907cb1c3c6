/* SPDX-License-Identifier: ISC */
/*
 * outbox - pieces of at most SENT_FDS descriptors
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/proc/outbox.h"

#define SENT_FDS	250		/* the kernel takes 253 at a time */
#define KEPT_MOST	(256u << 10)	/* memory kept while empty */

/* This descriptor belongs to the frame that begins at at. */
struct sent_fd {
	size_t at;
	int fd;
};

size_t
outbox_backlog(const struct outbox *o)
{
	return o->bytes.n - o->at;
}

static void
fds_add(struct outbox *o, size_t at, const struct fds *fds)
{
	if (o->fds_n + fds->n > o->fds_cap) {
		o->fds_cap = (o->fds_n + fds->n) * 2;
		o->fds = xrealloc(o->fds, o->fds_cap * sizeof(*o->fds));
	}
	for (uint32_t i = 0; i < fds->n; i++)
		o->fds[o->fds_n++] = (struct sent_fd){ at, fds->fd[i] };
}

bool
outbox_put(struct outbox *o, const struct message *m)
{
	size_t at = o->bytes.n;
	struct fds fds;

	if (!message_encode(m, &o->bytes, &fds))
		return false;
	fds_add(o, at, &fds);
	return true;
}

/* How many descriptors go with the next piece, and where that piece ends: in
 * front of the first frame whose descriptors do not fit any more. */
static size_t
next_piece(const struct outbox *o, size_t *end)
{
	size_t n = o->fds_n - o->fds_at;
	size_t i;

	*end = o->bytes.n;
	if (n <= SENT_FDS)
		return n;
	i = o->fds_at + SENT_FDS;
	*end = o->fds[i].at;
	while (i > o->fds_at && o->fds[i - 1].at == *end)
		i--;
	return i - o->fds_at;
}

static ssize_t
send_piece(struct outbox *o, int fd, size_t *nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(SENT_FDS * sizeof(int))];
	} control;
	size_t end;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *h;

	*nfds = next_piece(o, &end);
	iov.iov_base = o->bytes.p + o->at;
	iov.iov_len = end - o->at;
	if (*nfds > 0) {
		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE(*nfds * sizeof(int));
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(*nfds * sizeof(int));
		for (size_t i = 0; i < *nfds; i++)
			((int *)CMSG_DATA(h))[i] = o->fds[o->fds_at + i].fd;
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
reset(struct outbox *o)
{
	o->at = o->fds_at = o->fds_n = 0;
	if (o->bytes.cap > KEPT_MOST)
		str_free(&o->bytes);
	else
		str_reset(&o->bytes);
}

enum outbox_state
outbox_flush(struct outbox *o, int fd)
{
	while (o->at < o->bytes.n) {
		size_t nfds;
		ssize_t n = send_piece(o, fd, &nfds);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == ENOBUFS ?
			    OUTBOX_WAITS :
			    OUTBOX_BROKEN;
		o->at += (size_t)n;
		while (nfds-- > 0)
			close(o->fds[o->fds_at++].fd);
	}
	reset(o);
	return OUTBOX_EMPTY;
}

void
outbox_free(struct outbox *o)
{
	while (o->fds_at < o->fds_n)
		close(o->fds[o->fds_at++].fd);
	free(o->fds);
	str_free(&o->bytes);
	*o = (struct outbox){ 0 };
}
