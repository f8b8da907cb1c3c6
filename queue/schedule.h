/* SPDX-License-Identifier: ISC */
/*
 * schedule - when a mail is tried again
 *
 * A heap of mails by the earliest due time of their waiting recipients. Times
 * are of a clock that goes on as the monotonic one does, and follows a jump of
 * the system's, when schedule_follow() says so: what waits for its next try waits
 * no longer and no shorter for it, while times that a sender has set are those of
 * the system's clock as it is now.
 */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include "queue/mail.h"

/* due() is called for each mail when its time has come: that of a recipient, or
 * the one that the sender set (mail_by()), until m->late says that it is over.
 * jumped() when the system's clock has. */
void schedule_start(void (*due)(struct mail *), void (*jumped)(void));
/* Seconds since 1970. */
uint32_t schedule_now(void);
/* Follow the system's clock, if it has jumped. Not while mails are being woken. */
void schedule_follow(void);
/* Its recipients have changed: find its place. */
void schedule_put(struct mail *m);
/* One of them waits until then, the others are as they were. */
void schedule_sooner(struct mail *m, uint32_t due);
void schedule_remove(struct mail *m);

/* Seconds until the next try after `tries` failed ones: first, doubled with
 * each, at most `most`, and up to an eighth more or less by random bits. */
uint32_t schedule_wait(uint16_t tries, uint32_t first, uint32_t most,
    uint32_t random);
/* At a start: a time that no wait of at most `most` can have led to was set by
 * a clock that has been put right since. It is now. What is held, is held. */
void schedule_doubt(struct mail *m, uint32_t most);

#endif
