/* SPDX-License-Identifier: ISC */
/*
 * channel - frames in and out, and the calls that wait for answers
 *
 * Tags tell answers from requests: the end with the lower role numbers its
 * requests from 1, the other end from 2^31, so a tag names its owner. Frames
 * of a turn leave together at its end, with up to SENT_FDS descriptors in one
 * system call; descriptors arrive no later than the first octet of the bytes
 * that they were sent with, and wait in a queue for the frame that owns them.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/sys/queue.h>
#include <event2/event.h>

#include "lib/base/log.h"
#include "lib/base/tree.h"
#include "lib/proc/channel.h"
#include "lib/proc/loop.h"

#define SENT_FDS	250	/* the kernel takes 253 at a time */
#define HELD_FDS	1024	/* arrived, not yet claimed by a frame */
#define BACKLOG_MOST	(256u << 20)
#define IN_SIZE		65536
#define OWNER_BIT	0x80000000u

struct waiting_call {
	RB_ENTRY(waiting_call) entry;
	uint32_t tag;
	struct reply *reply;
	bool answered, broken;
	struct fiber_queue end;
};
RB_HEAD(calls, waiting_call);

static int
by_tag(const struct waiting_call *a, const struct waiting_call *b)
{
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}
TREE_GENERATE(calls, waiting_call, entry, by_tag)

/* Descriptors on their way: fd number i belongs to the bytes from at on. */
struct sent_fd {
	size_t at;
	int fd;
};

struct channel {
	int fd;
	unsigned own;
	struct peer_id peer;
	const struct handlers *handlers;
	void *slot;
	struct event *readable, *writable;
	struct str in, out;
	size_t out_at;			/* sent already */
	struct sent_fd *out_fds;
	size_t out_fds_n, out_fds_at, out_fds_cap;
	int *in_fds;
	size_t in_fds_n;
	struct calls calls;
	uint32_t next_tag, owner_bit;
	bool flushing;			/* a flush is due at the turn's end */
	bool dead, closing, freed;
	int busy;			/* inside handlers */
};

static void lose(struct channel *c);

const struct peer_id *
channel_peer(const struct channel *c)
{
	return &c->peer;
}

void **
channel_slot(struct channel *c)
{
	return &c->slot;
}

size_t
channel_backlog(const struct channel *c)
{
	return c->out.n - c->out_at;
}

/* ---- sending ---- */

static void
out_reset(struct channel *c)
{
	c->out_at = c->out_fds_at = c->out_fds_n = 0;
	if (c->out.cap > 4 * IN_SIZE)
		str_free(&c->out);
	else
		str_reset(&c->out);
}

/* How many descriptors go with the next piece, and where that piece ends: in
 * front of the first frame whose descriptors do not fit any more. */
static size_t
next_piece(const struct channel *c, size_t *end)
{
	size_t n = c->out_fds_n - c->out_fds_at;
	size_t i;

	*end = c->out.n;
	if (n <= SENT_FDS)
		return n;
	i = c->out_fds_at + SENT_FDS;
	*end = c->out_fds[i].at;
	while (i > c->out_fds_at && c->out_fds[i - 1].at == *end)
		i--;
	return i - c->out_fds_at;
}

static ssize_t
send_piece(struct channel *c, size_t *nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(SENT_FDS * sizeof(int))];
	} control;
	size_t end;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *h;

	*nfds = next_piece(c, &end);
	iov.iov_base = c->out.p + c->out_at;
	iov.iov_len = end - c->out_at;
	if (*nfds > 0) {
		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE(*nfds * sizeof(int));
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(*nfds * sizeof(int));
		for (size_t i = 0; i < *nfds; i++)
			((int *)CMSG_DATA(h))[i] =
			    c->out_fds[c->out_fds_at + i].fd;
	}
	return sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
flush(struct channel *c)
{
	while (!c->dead && c->out_at < c->out.n) {
		size_t nfds;
		ssize_t n = send_piece(c, &nfds);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
			event_add(c->writable, NULL);
			return;
		}
		if (n < 0) {
			/* what the peer said before it went is read first */
			return;
		}
		c->out_at += (size_t)n;
		while (nfds-- > 0)
			close(c->out_fds[c->out_fds_at++].fd);
	}
	if (!c->dead)
		out_reset(c);
}

static void
flush_due(void *arg)
{
	struct channel *c = arg;

	c->flushing = false;
	if (c->freed) {
		free(c);
		return;
	}
	flush(c);
}

static void
writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

static void
out_fds_add(struct channel *c, size_t at, const struct fds *fds)
{
	if (c->out_fds_n + fds->n > c->out_fds_cap) {
		c->out_fds_cap = (c->out_fds_n + fds->n) * 2;
		c->out_fds = xrealloc(c->out_fds,
		    c->out_fds_cap * sizeof(*c->out_fds));
	}
	for (uint32_t i = 0; i < fds->n; i++)
		c->out_fds[c->out_fds_n++] =
		    (struct sent_fd){ at, fds->fd[i] };
}

bool
channel_send(struct channel *c, const struct message *m)
{
	const struct message_info *info = message_info(m->type);
	struct message copy;
	struct fds fds;
	size_t at = c->out.n;

	must(info->name != NULL && (info->from & c->own) &&
	    (info->to & c->peer.role));
	if (c->dead || !message_encode(m, &c->out, &fds)) {
		copy = *m;
		message_close(&copy);
		return c->dead;
	}
	out_fds_add(c, at, &fds);
	if (!c->flushing) {
		c->flushing = true;
		loop_last(flush_due, c);
	}
	if (channel_backlog(c) > BACKLOG_MOST) {
		log_error("channel", "peer=%s backlog=%zu closed",
		    role_name(c->peer.role), channel_backlog(c));
		shutdown(c->fd, SHUT_RDWR);
	}
	return true;
}

void
channel_answer(struct channel *c, uint32_t tag, const struct why *w)
{
	struct message m = { .type = MSG_answer, .tag = tag,
		.answer = { .verdict = (uint8_t)w->verdict,
		    .status = view_of(w->status),
		    .sentence = view_of(w->text) } };

	channel_send(c, &m);
}

/* ---- receiving ---- */

#define MESSAGE(name, ...)                                                     \
	static bool dispatch_##name(struct channel *c, struct message *m)      \
	{                                                                      \
		if (c->handlers->name == NULL)                                 \
			return false;                                          \
		c->handlers->name(c, m->tag, &m->name);                        \
		return true;                                                   \
	}
#include "lib/proc/messages.def"
#undef MESSAGE

static bool (*const dispatchers[MSG_LIMIT])(struct channel *,
    struct message *) = {
#define MESSAGE(name, number, ...) [number] = dispatch_##name,
#include "lib/proc/messages.def"
#undef MESSAGE
};

/* A message that breaks the rules: from a more trusted program it means that
 * something is deeply wrong, from another one it costs it the link. */
static void
violation(struct channel *c, const char *what, unsigned type)
{
	const char *name = message_info(type)->name;

	log_error("channel", "violation=\"%s\" peer=%s process=%u message=%s",
	    what, role_name(c->peer.role), c->peer.process,
	    name ? name : "none");
	must(c->peer.role <= c->own);
	c->dead = true;
}

static void
answered(struct waiting_call *call, struct view frame, const struct fds *fds)
{
	/* the answer outlives the input buffer: it gets a copy of the frame */
	call->reply->frame = xmalloc(frame.n);
	memcpy(call->reply->frame, frame.p, frame.n);
	call->answered = message_decode(
	    view_bytes(call->reply->frame, frame.n), fds, &call->reply->m);
	must(call->answered); /* it was decoded before */
	fiber_queue_wake_all(&call->end);
}

static void
deliver(struct channel *c, struct view frame, const struct fds *fds)
{
	struct waiting_call key, *call = NULL;
	const struct message_info *info;
	struct message m;

	if (!message_decode(frame, fds, &m)) {
		for (uint32_t i = 0; i < fds->n; i++)
			close(fds->fd[i]);
		violation(c, "malformed", m.type);
		return;
	}
	info = message_info(m.type);
	if (!(info->from & c->peer.role) || !(info->to & c->own)) {
		message_close(&m);
		violation(c, "not from you or not for me", m.type);
		return;
	}
	if (m.tag != 0 && (m.tag & OWNER_BIT) == c->owner_bit) {
		key.tag = m.tag;
		call = RB_FIND(calls, &c->calls, &key);
		if (call != NULL && !call->answered) {
			answered(call, frame, fds);
			return;
		}
	}
	/* an answer that nobody waits for any more is dropped */
	if (!dispatchers[m.type](c, &m) &&
	    (m.tag == 0 || (m.tag & OWNER_BIT) != c->owner_bit))
		violation(c, "unexpected", m.type);
	message_close(&m);
}

/* The next whole frame of the input, if it is there with its descriptors. */
static bool
deliver_next(struct channel *c, size_t *at)
{
	struct view v = { c->in.p + *at, c->in.n - *at };
	struct fds fds = { 0 };
	uint32_t n = 0;
	size_t length = message_frame(v, &n);

	if (length == SIZE_MAX || n > c->in_fds_n) {
		if (length != 0 && length != SIZE_MAX && length > v.n)
			return false;
		if (length != 0)
			violation(c, "not a frame", 0);
		return false;
	}
	if (length == 0 || length > v.n)
		return false;
	for (; fds.n < n; fds.n++)
		fds.fd[fds.n] = c->in_fds[fds.n];
	c->in_fds_n -= n;
	if (n > 0)
		memmove(c->in_fds, c->in_fds + n, c->in_fds_n * sizeof(int));
	*at += length;
	deliver(c, (struct view){ v.p, length }, &fds);
	return !c->dead;
}

static void
take_fds(struct channel *c, struct msghdr *m)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL;
	    h = CMSG_NXTHDR(m, h)) {
		size_t n;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (c->in_fds_n + n > HELD_FDS)
			c->dead = true;
		c->in_fds = xrealloc(c->in_fds,
		    (c->in_fds_n + n) * sizeof(int));
		memcpy(c->in_fds + c->in_fds_n, CMSG_DATA(h), n * sizeof(int));
		c->in_fds_n += n;
	}
	if (m->msg_flags & MSG_CTRUNC) {
		log_error("channel", "descriptors lost: too many open files");
		c->dead = true;
	}
}

/* One recvmsg; what it got, 0 at the end, -1 when nothing is there now. */
static ssize_t
receive(struct channel *c)
{
	static union {
		struct cmsghdr align;
		char space[CMSG_SPACE(256 * sizeof(int))];
	} control;
	char *to = str_room(&c->in, IN_SIZE);
	struct iovec iov = { to, IN_SIZE };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	ssize_t n;

	do
		n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -1 : 0;
	take_fds(c, &m);
	c->in.n += (size_t)n;
	return n;
}

static void
deliver_all(struct channel *c)
{
	size_t at = 0;

	c->busy++;
	while (!c->dead && deliver_next(c, &at))
		;
	c->busy--;
	str_drop(&c->in, at < c->in.n ? at : c->in.n);
	if (c->in.n == 0)
		str_free(&c->in);
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	ssize_t n = 1;

	(void)fd;
	(void)what;
	/* a flood from one peer must not keep the others waiting */
	for (int i = 0; i < 16 && n > 0 && !c->dead; i++) {
		n = receive(c);
		deliver_all(c);
		if (n > 0 && n < IN_SIZE / 2 && c->in_fds_n == 0)
			break;
	}
	if (n == 0)
		c->dead = true;
	if (c->dead || c->closing)
		lose(c);
}

/* ---- life ---- */

struct channel *
channel_open(int fd, unsigned own, struct peer_id peer,
    const struct handlers *handlers)
{
	struct channel *c = xcalloc(1, sizeof(*c));

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	c->fd = fd;
	c->own = own;
	c->peer = peer;
	c->handlers = handlers;
	c->owner_bit = own < peer.role ? 0 : OWNER_BIT;
	c->readable = event_new(loop_base(), fd, EV_READ | EV_PERSIST,
	    readable, c);
	c->writable = event_new(loop_base(), fd, EV_WRITE, writable, c);
	must(c->readable != NULL && c->writable != NULL);
	event_add(c->readable, NULL);
	return c;
}

static void
break_calls(struct channel *c)
{
	struct waiting_call *call;

	RB_FOREACH(call, calls, &c->calls) {
		call->broken = true;
		fiber_queue_wake_all(&call->end);
	}
	/* each takes itself out of the tree when it runs: let go of them */
	RB_INIT(&c->calls);
}

static void
dispose(struct channel *c)
{
	break_calls(c);
	event_free(c->readable);
	event_free(c->writable);
	close(c->fd);
	while (c->out_fds_at < c->out_fds_n)
		close(c->out_fds[c->out_fds_at++].fd);
	while (c->in_fds_n > 0)
		close(c->in_fds[--c->in_fds_n]);
	free(c->in_fds);
	free(c->out_fds);
	str_free(&c->in);
	str_free(&c->out);
	c->dead = c->freed = true;
	if (!c->flushing)
		free(c);
}

/* The peer is gone, or must be. */
static void
lose(struct channel *c)
{
	c->dead = true;
	if (!c->closing && c->handlers->closed != NULL)
		c->handlers->closed(c);
	dispose(c);
}

void
channel_close(struct channel **cp)
{
	struct channel *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	flush(c);
	c->closing = c->dead = true;
	if (c->busy == 0)
		dispose(c);
}

/* ---- calls ---- */

uint32_t
channel_tag(struct channel *c)
{
	c->next_tag = (c->next_tag + 1) & ~OWNER_BIT;
	if (c->next_tag == 0)
		c->next_tag = 1;
	return c->next_tag | c->owner_bit;
}

/* Wait for the answer to a request that was sent; the call stays in the tree
 * until it is answered, broken or given up. */
static enum wait
call_wait(struct channel *c, struct waiting_call *call, int64_t deadline)
{
	enum wait end;

	RB_INSERT(calls, &c->calls, call);
	end = fiber_queue_hold(&call->end, deadline);
	if (!call->broken)
		RB_REMOVE(calls, &c->calls, call);
	return call->broken ? WAIT_CANCELLED : end;
}

bool
channel_call(struct channel *c, const struct message *request,
    struct reply *reply, int64_t deadline, struct why *w)
{
	const char *peer = role_name(c->peer.role);
	struct waiting_call *call;
	struct message m = *request;
	enum wait end;

	must(fiber_self() != NULL);
	*reply = (struct reply){ .m = { .type = MSG_LIMIT } };
	m.tag = channel_tag(c);
	if (!channel_send(c, &m))
		return why_never(w, "3.4", "Request too large for %s", peer);
	call = xcalloc(1, sizeof(*call));
	call->tag = m.tag;
	call->reply = reply;
	end = call_wait(c, call, deadline);
	free(call);
	if (end == WAIT_READY)
		return true;
	return why_later(w, "3.0", "%s %s", peer,
	    end == WAIT_TIMEOUT ? "does not answer" : "is not available");
}

void
reply_free(struct reply *r)
{
	message_close(&r->m);
	r->m.type = MSG_LIMIT;
	free(r->frame);
	r->frame = NULL;
}

bool
reply_is(const struct reply *r, enum message_type type, struct why *w)
{
	const struct msg_answer *a = &r->m.answer;

	if (r->m.type == MSG_answer) {
		why_set(w,
		    a->verdict == VERDICT_DONE	? VERDICT_DONE :
			a->verdict == VERDICT_NEVER ? VERDICT_NEVER :
						      VERDICT_LATER,
		    a->status, a->sentence);
		return type == MSG_answer && w->verdict == VERDICT_DONE;
	}
	if (r->m.type == type)
		return true;
	return why_later(w, "3.0", "unexpected answer from a sibling");
}
