/* SPDX-License-Identifier: ISC */
/*
 * judge - what a verdict does to a recipient
 */
#ifndef QUEUE_JUDGE_H
#define QUEUE_JUDGE_H

#include "queue/mail.h"
#include "queue/trail.h"

/* An attempt ended, or could not be made: the recipient is TRYING. o->why may be
 * changed: to NEVER, if it has waited long enough. */
void judge(struct mail *m, uint32_t rcpt, struct outcome *o);
/* The destination of a recipient that is WAITING and due is left alone until
 * then, for the reason that the recipient has already: wait on, without a word.
 * False when there is something to say. */
bool judge_put_off(struct mail *m, uint32_t rcpt, const struct reason *why,
    uint32_t due);
/* The time that the sender set is over (RFC 2852), and he wants it back. */
bool judge_is_overdue(const struct mail *m);
/* That is so; nothing was tried, it just became late. */
void judge_give_up(struct mail *m, uint32_t rcpt);
/* Some recipient changed: finish the mail, or see whether to report. */
void judge_progress(struct mail *m);

#endif
