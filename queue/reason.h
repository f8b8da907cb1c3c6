/* SPDX-License-Identifier: ISC */
/*
 * reason - why a recipient waits or failed, kept once for all who share it
 *
 * A host that is down makes the same sentence for ten thousand recipients. A
 * reason is a status, a sentence, who said it, and the words of the other
 * server if it was one; equal ones are one object with a count of holders.
 */
#ifndef QUEUE_REASON_H
#define QUEUE_REASON_H

#include "lib/base/why.h"

struct reason;

/* Find or make; the caller holds it until reason_drop(). */
struct reason *reason_take(struct view status, struct view sentence,
    struct view relay, struct view reply);
/* NULL is fine; *r becomes NULL. */
void reason_drop(struct reason **r);

/* For r == NULL all are empty. Live as long as r is held. */
struct view reason_status(const struct reason *r);
struct view reason_sentence(const struct reason *r);
struct view reason_relay(const struct reason *r);
struct view reason_reply(const struct reason *r);

#endif
