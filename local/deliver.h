/* SPDX-License-Identifier: ISC */
/*
 * deliver - from an attempt of queue to a verdict, by way of store
 *
 * What goes to commands and files is seen to by local/outside.h.
 * Keeps nothing but which attempts are under way. What is lost when this
 * program dies is tried again by queue, and store knows what it has delivered.
 */
#ifndef LOCAL_DELIVER_H
#define LOCAL_DELIVER_H

#include "lib/base/why.h"
#include "lib/proc/channel.h"

/* An attempt, as queue wants to hear of it again. */
struct attempt_key {
	struct channel *queue;	/* NULL: it is gone */
	uint32_t tag;
	uint64_t mail;
	uint32_t rcpt;
};

/* Handlers of the messages. */
void deliver_attempt(struct channel *queue, uint32_t tag,
    struct msg_attempt *a);
void deliver_answer(struct channel *store, uint32_t tag,
    struct msg_answer *a);
/* A link is gone: its store cannot answer, or nobody wants to hear. */
void deliver_closed(struct channel *c);
void deliver_stopping(void);
/* End the program, if that is wanted and nothing is under way. */
void deliver_consider_end(void);

/* From a fiber: the content of a mail, to be closed; -1 with w filled. */
int deliver_content(uint64_t mail, struct why *w);
/* Tell queue the verdict. */
void deliver_say(const struct attempt_key *k, enum verdict v,
    struct view status, struct view sentence);

/* The mailbox that an address asks for: the detail of "user+detail@domain", or
 * nothing. Bad bytes and names of more than 255 octets ask for nothing. The
 * view points into address. */
struct view deliver_mailbox(struct view address, const char *delimiters);

#endif
