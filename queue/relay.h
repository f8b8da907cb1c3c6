/* SPDX-License-Identifier: ISC */
/*
 * relay - have the program smtp send mail to other hosts
 */
#ifndef QUEUE_RELAY_H
#define QUEUE_RELAY_H

#include "lib/proc/channel.h"
#include "queue/mail.h"

/* A recipient with a destination is READY; relay_ready_end() after the last of a
 * mail. */
void relay_ready(struct mail *m, uint32_t rcpt);
void relay_ready_end(void);
/* A WAITING one is due while its destination is left alone, for a reason that it
 * knows: it waits on. */
bool relay_put_off(struct mail *m, uint32_t rcpt);
/* Look again for somebody to do the work. */
void relay_kick(void);
/* Handlers of the messages; verdict: of smtp. */
void relay_verdict(struct channel *c, uint32_t tag, struct msg_verdict *v);
void relay_sent(struct channel *c, uint32_t tag, struct msg_sent *m);
/* A link broke: what was under way there is tried again soon. */
void relay_closed(struct channel *c);
/* Nothing is under way. */
bool relay_is_idle(void);

#endif
