/* SPDX-License-Identifier: ISC */
/*
 * window - how much a next host can take, and when it is to be left alone
 *
 * The window is the number of transactions that may be under way at once. It
 * begins with five, which hosts are used to, and with 20 where a route names the
 * host, as that one knows us. It grows by one with each success, after a failure by
 * one with each windowful. A failure while others succeed halves it. A failure without
 * any success since its transaction began says that the host is dead: it is left
 * alone, and one transaction finds out what comes then.
 */
#ifndef QUEUE_WINDOW_H
#define QUEUE_WINDOW_H

#include "lib/base/view.h"
#include "lib/mail/contact.h"

struct window {
	int64_t until;		/* ms; left alone before */
	int64_t good_at, dead_at;
	uint32_t size, grown;
	uint32_t failures;	/* in a row */
	bool cautious;		/* it has failed: grow slowly */
};

/* A transaction that began then is over. */
struct news {
	enum contact contact;
	int64_t began, now;	/* ms */
	uint32_t random;
	struct view sentence;
};

struct window_limits {
	uint32_t most;
	uint32_t wait_first, wait_most;	/* seconds that a dead one is left alone */
};

void window_init(struct window *w, bool named);
uint32_t window_size(const struct window *w, uint32_t most);
void window_learn(struct window *w, const struct news *n,
    const struct window_limits *l);

#endif
