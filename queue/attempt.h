/* SPDX-License-Identifier: ISC */
/*
 * attempt - have recipients delivered by local, one by one
 */
#ifndef QUEUE_ATTEMPT_H
#define QUEUE_ATTEMPT_H

#include "lib/proc/channel.h"
#include "queue/mail.h"
#include "queue/trail.h"

/* A recipient without a destination is READY. */
void attempt_ready(struct mail *m, uint32_t rcpt);
/* Look again for somebody to do the work: a link is up, a verdict came. */
void attempt_kick(void);
/* Handler of the message, of local. */
void attempt_verdict(struct channel *c, uint32_t tag, struct msg_verdict *v);
/* The same instead of a verdict: the mail goes to other targets. */
void attempt_forward(struct channel *c, uint32_t tag, struct msg_forward *v);
/* A link broke: what was under way there is tried again soon. */
void attempt_closed(struct channel *c);
/* Nothing is under way. */
bool attempt_is_idle(void);

/* What a verdict says; the views live as long as the message. */
void attempt_read(const struct msg_verdict *v, struct outcome *o);
/* A number that no other message under way has. */
uint64_t attempt_key(struct channel *c, uint32_t tag);
/* A READY one is judged without an attempt: LATER, for this reason. */
void attempt_nobody(struct mail *m, uint32_t rcpt, const char *missing);

#endif
