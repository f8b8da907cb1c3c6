/* SPDX-License-Identifier: ISC */
/*
 * share - no command or file has all the turns
 *
 * Deliveries outside of the store are few at a time, and one command may hang
 * for long. So each has at most a share of the turns; what is more waits aside,
 * in its order, until one of its own has ended.
 */
#ifndef QUEUE_SHARE_H
#define QUEUE_SHARE_H

#include "lib/base/view.h"
#include "queue/line.h"

struct share;

/* Begin one more delivery to this destination: it counts until share_give().
 * NULL: it has `most` under way, and w waits aside for its turn at this level. */
struct share *share_take(struct view destination, uint64_t most,
    struct waiting w, unsigned level);
/* A delivery has ended: the next that waits aside comes back into the lines. */
void share_give(struct share **s, struct lines *to);
/* Who came back may have vanished before its turn: have somebody else come
 * wherever nothing is under way. True if there was any. */
bool share_wake(struct lines *to);

#endif
