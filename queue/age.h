/* SPDX-License-Identifier: ISC */
/*
 * age - how long a mail has waited, and when it is given up for that
 *
 * By the time that passed while this program saw it wait, whatever the system's
 * clock has done meanwhile. What was before the start only the clock knows; it
 * is not believed so far that a mail could be given up at once.
 */
#ifndef QUEUE_AGE_H
#define QUEUE_AGE_H

#include "queue/mail.h"

/* It has arrived, or was there at the start. */
void age_begin(struct mail *m);
/* The clock has jumped: of what it said before and what it says now counts what
 * makes a mail younger. */
void age_doubt(void);
/* Seconds since its arrival, or its release if it was held (RFC 4865). */
int64_t age_of(const struct mail *m);
/* So old it may become. */
int64_t age_most(const struct mail *m);
/* When it will be given up, at the latest: seconds since 1970. */
int64_t age_until(const struct mail *m);

#endif
