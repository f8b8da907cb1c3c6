/* SPDX-License-Identifier: ISC */
/*
 * proc_inbox - octets and descriptors of a sibling that has been taken over
 *
 * The first octet says in what pieces the rest comes, the second how many
 * descriptors go with each. Frames are what was sent, one behind the other; each
 * has the descriptors that it says, and none is left open.
 */
#include "lib/proc/inbox.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_EACH	4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
send_piece(int fd, struct view v, unsigned fds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_EACH * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)v.p, v.n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int numbers[FDS_EACH] = { STDERR_FILENO, STDERR_FILENO, STDERR_FILENO,
		STDERR_FILENO };

	if (fds > 0) {
		struct cmsghdr *h = &control.align;

		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(fds * sizeof(int));
		memcpy(CMSG_DATA(h), numbers, fds * sizeof(int));
	}
	must(sendmsg(fd, &m, 0) == (ssize_t)v.n);
}

/* Whole frames, from the front of *sent; false when what comes is none. */
static bool
take(struct inbox *in, struct view *sent)
{
	enum inbox_state s;
	struct fds fds = { 0 };
	struct view frame;
	size_t at = 0;

	while ((s = inbox_next(in, &at, &frame, &fds)) == INBOX_FRAME) {
		struct message m;

		must(frame.n > 0 && frame.n <= sent->n);
		must(view_eq(frame, view_bytes(sent->p, frame.n)));
		*sent = view_skip(*sent, frame.n);
		if (message_decode(frame, &fds, &m))
			message_close(&m);
		else
			for (uint32_t i = 0; i < fds.n; i++)
				close(fds.fd[i]);
	}
	inbox_drop(in, at);
	return s == INBOX_MORE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inbox in = { 0 };
	struct view sent, rest;
	bool fine = true;
	int fd[2], next;
	size_t piece;

	if (size < 2 || size > 60000)
		return 0;
	piece = 1 + data[0] * 8u;
	rest = sent = view_bytes(data + 2, size - 2);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	while (rest.n > 0 && fine) {
		size_t n = rest.n < piece ? rest.n : piece;

		send_piece(fd[1], view_bytes(rest.p, n),
		    data[1] % (FDS_EACH + 1));
		rest = view_skip(rest, n);
		must(inbox_receive(&in, fd[0]) > 0 || in.lost);
		fine = !in.lost && take(&in, &sent);
	}
	must(inbox_receive(&in, fd[0]) == -1);
	close(fd[1]);
	must(inbox_receive(&in, fd[0]) == 0);
	inbox_free(&in);
	close(fd[0]);
	next = dup(STDERR_FILENO);
	must(next >= 0 && next < 16);
	close(next);
	return 0;
}
