/* SPDX-License-Identifier: ISC */
/*
 * inbox - taking frames and their descriptors apart
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/proc/inbox.h"

#define HELD_FDS	1024	/* arrived, not yet claimed by a frame */

static bool
take_fds(struct inbox *in, struct msghdr *m)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL;
	    h = CMSG_NXTHDR(m, h)) {
		size_t n;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		in->fds = xrealloc(in->fds, (in->fds_n + n) * sizeof(int));
		memcpy(in->fds + in->fds_n, CMSG_DATA(h), n * sizeof(int));
		in->fds_n += n;
	}
	if (m->msg_flags & MSG_CTRUNC)
		log_error("channel", "descriptors lost: too many open files");
	in->lost = in->fds_n > HELD_FDS || (m->msg_flags & MSG_CTRUNC);
	return !in->lost;
}

ssize_t
inbox_receive(struct inbox *in, int fd)
{
	static union {
		struct cmsghdr align;
		char space[CMSG_SPACE(256 * sizeof(int))];
	} control;
	char *to = str_room(&in->bytes, INBOX_STEP);
	struct iovec iov = { to, INBOX_STEP };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	ssize_t n;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -1 : 0;
	in->bytes.n += (size_t)n;
	return take_fds(in, &m) ? n : 0;
}

enum inbox_state
inbox_next(struct inbox *in, size_t *at, struct view *frame, struct fds *fds)
{
	struct view v = view_skip(str_view(&in->bytes), *at);
	uint32_t n = 0;
	size_t length = message_frame(v, &n);

	if (length == SIZE_MAX)
		return INBOX_GARBAGE;
	if (length == 0 || length > v.n)
		return INBOX_MORE;
	if (n > in->fds_n)
		return INBOX_GARBAGE;
	for (fds->n = 0; fds->n < n; fds->n++)
		fds->fd[fds->n] = in->fds[fds->n];
	in->fds_n -= n;
	if (n > 0)
		memmove(in->fds, in->fds + n, in->fds_n * sizeof(int));
	*frame = (struct view){ v.p, length };
	*at += length;
	return INBOX_FRAME;
}

void
inbox_drop(struct inbox *in, size_t n)
{
	if (n < in->bytes.n)
		str_drop(&in->bytes, n);
	else
		str_free(&in->bytes);
}

void
inbox_free(struct inbox *in)
{
	while (in->fds_n > 0)
		close(in->fds[--in->fds_n]);
	free(in->fds);
	str_free(&in->bytes);
	*in = (struct inbox){ 0 };
}
