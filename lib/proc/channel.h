/* SPDX-License-Identifier: ISC */
/*
 * channel - a link to another program of the house
 *
 * Carries messages of lib/proc/messages.def over a UNIX stream socket. Frames
 * sent in one turn of the loop leave in one system call at its end. A message
 * that carries the tag of a waiting channel_call() wakes its fiber; any other
 * goes to the handler table. Senders, receivers and lengths are checked against
 * the table here; phases are the handlers' affair.
 */
#ifndef PROC_CHANNEL_H
#define PROC_CHANNEL_H

#include "lib/base/why.h"
#include "lib/proc/message.h"

struct channel;

/* One handler per message; NULL: must not come here. Handlers run on the
 * loop's stack and do not wait. Views live until the handler returns;
 * descriptors that it did not take are closed then. */
struct handlers {
#define MESSAGE(name, ...)                                                     \
	void (*name)(struct channel *, uint32_t tag, struct msg_##name *);
#include "lib/proc/messages.def"
#undef MESSAGE
	/* The link is gone; the channel is freed after this returns. */
	void (*closed)(struct channel *);
};

/* Who is at the other end. */
struct peer_id {
	unsigned role;		/* one bit */
	uint32_t instance;
	uint32_t process;	/* never used twice */
};

/* Takes fd. own: this program's role bit. */
struct channel *channel_open(int fd, unsigned own, struct peer_id peer,
    const struct handlers *handlers);
void channel_close(struct channel **c);
const struct peer_id *channel_peer(const struct channel *c);
/* For closed: who ended it, and why. */
enum channel_end {
	CHANNEL_PEER_WENT,
	CHANNEL_BREACH,		/* this end: the peer broke the rules */
	CHANNEL_OVERRUN		/* this end: too many descriptors or octets */
};
enum channel_end channel_ended(const struct channel *c);
/* A pointer of the user's for this channel, NULL at first. */
void **channel_slot(struct channel *c);

/* Queue a message; descriptors in it are the channel's from now on. Returns
 * false when it is too large (nothing sent, descriptors closed). Sending to a
 * dying link is not an error: closed tells. */
bool channel_send(struct channel *c, const struct message *m);
/* Octets that are queued and not yet taken by the peer. */
size_t channel_backlog(const struct channel *c);
/* A tag for a request whose answer goes to the handlers, not to a call. */
uint32_t channel_tag(struct channel *c);
/* Answer a request with a struct why. */
void channel_answer(struct channel *c, uint32_t tag, const struct why *w);

/* Send a request and wait for the message with the same tag. The answer and
 * its views live until the next channel_call() of this fiber or until
 * reply_free(); descriptors are the caller's to take, reply_free() closes the
 * rest. False with w filled (LATER 3.0) when the link broke or the deadline
 * passed. A cancelled fiber still gets its answer: what the sibling did is
 * done, and the session should know it. */
struct reply {
	struct message m;
	void *frame;
};
bool channel_call(struct channel *c, const struct message *request,
    struct reply *reply, int64_t deadline, struct why *w);
void reply_free(struct reply *r);
/* True when r is the wanted type; otherwise fills w from MSG_answer, or with a
 * complaint about any other message. A DONE answer is true for MSG_answer. */
bool reply_is(const struct reply *r, enum message_type type, struct why *w);

#endif
