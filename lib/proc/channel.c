/* SPDX-License-Identifier: ISC */
/*
 * channel - who may say what to whom, and the calls that wait for answers
 *
 * Octets and descriptors are the affair of lib/proc/outbox.h and inbox.h. Tags
 * tell answers from requests: the end with the lower role numbers its requests
 * from 1, the other end from 2^31, so a tag names its owner. Frames of a turn
 * leave together at its end.
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
#include "lib/proc/inbox.h"
#include "lib/proc/loop.h"
#include "lib/proc/outbox.h"

#define BACKLOG_MOST	(256u << 20)
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

struct channel {
	int fd;
	unsigned own;
	struct peer_id peer;
	const struct handlers *handlers;
	void *slot;
	struct event *readable, *writable;
	struct inbox in;
	struct outbox out;
	struct calls calls;
	uint32_t next_tag, owner_bit;
	bool flushing;			/* a flush is due at the turn's end */
	bool dead, closing, freed;
	enum channel_end end;
	int busy;			/* inside handlers */
};

static void lose(struct channel *c);

const struct peer_id *
channel_peer(const struct channel *c)
{
	return &c->peer;
}

enum channel_end
channel_ended(const struct channel *c)
{
	return c->end;
}

void **
channel_slot(struct channel *c)
{
	return &c->slot;
}

size_t
channel_backlog(const struct channel *c)
{
	return outbox_backlog(&c->out);
}

/* ---- sending ---- */

/* A peer that went is noticed by reading: what it said before comes first. */
static void
flush(struct channel *c)
{
	if (!c->dead && outbox_flush(&c->out, c->fd) == OUTBOX_WAITS)
		event_add(c->writable, NULL);
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

bool
channel_send(struct channel *c, const struct message *m)
{
	const struct message_info *info = message_info(m->type);
	struct message copy;

	must(info->name != NULL && (info->from & c->own) &&
	    (info->to & c->peer.role));
	if (c->dead || !outbox_put(&c->out, m)) {
		copy = *m;
		message_close(&copy);
		return c->dead;
	}
	if (!c->flushing) {
		c->flushing = true;
		loop_last(flush_due, c);
	}
	if (channel_backlog(c) > BACKLOG_MOST) {
		log_error("channel", "peer=%s backlog=%zu closed",
		    role_name(c->peer.role), channel_backlog(c));
		c->end = CHANNEL_OVERRUN;
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
	c->end = CHANNEL_BREACH;
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

static void
deliver_all(struct channel *c)
{
	enum inbox_state state = INBOX_FRAME;
	struct view frame;
	struct fds fds;
	size_t at = 0;

	c->busy++;
	while (!c->dead && state == INBOX_FRAME) {
		state = inbox_next(&c->in, &at, &frame, &fds);
		if (state == INBOX_FRAME)
			deliver(c, frame, &fds);
	}
	c->busy--;
	if (state == INBOX_GARBAGE)
		violation(c, "not a frame", 0);
	inbox_drop(&c->in, at);
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
		n = inbox_receive(&c->in, c->fd);
		if (n > 0)
			deliver_all(c);
		if (n > 0 && n < INBOX_STEP / 2 && c->in.fds_n == 0)
			break;
	}
	if (n == 0)
		c->dead = true;
	if (c->in.lost)
		c->end = CHANNEL_OVERRUN;
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
	inbox_free(&c->in);
	outbox_free(&c->out);
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
