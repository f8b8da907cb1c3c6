/* SPDX-License-Identifier: ISC */
/*
 * attempt - have recipients delivered, and judge what comes of it
 */
#ifndef QUEUE_ATTEMPT_H
#define QUEUE_ATTEMPT_H

#include "lib/proc/channel.h"
#include "queue/mail.h"

/* Those recipients that are due now: of a new mail all, unless it is held. What
 * the sender set a time for may be given up. */
void attempt_due(struct mail *m);
/* Those that wait, whatever their time. Returns how many. */
struct flush {
	bool held;	/* also what a sender wants to be held (RFC 4865) */
	bool (*wants)(const void *arg, const struct mail *m, uint32_t rcpt);
	const void *arg;	/* of wants; NULL: all */
};
uint32_t attempt_flush(struct mail *m, const struct flush *f);
/* Look again for somebody to do the work: a link is up, a verdict came. */
void attempt_kick(void);
/* Handler of the message. */
void attempt_verdict(struct channel *c, uint32_t tag, struct msg_verdict *m);
/* A link broke: what was under way there is tried again soon. */
void attempt_closed(struct channel *c);
/* Nothing is under way. */
bool attempt_is_idle(void);
/* Some recipient changed: finish the mail, or see whether to report. */
void attempt_progress(struct mail *m);

#endif
