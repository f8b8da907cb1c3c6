/* SPDX-License-Identifier: ISC */
/*
 * line - who waits for a turn: first come, first served
 *
 * Holds ids and numbers, not pointers, so that a mail may vanish meanwhile; who
 * takes an item looks it up again.
 */
#ifndef QUEUE_LINE_H
#define QUEUE_LINE_H

#include "lib/base/base.h"

struct waiting {
	uint64_t mail;
	uint32_t rcpt;
};

/* { 0 } is empty. */
struct line {
	struct waiting *item;	/* a ring that grows */
	size_t first, n, cap;
};

void line_put(struct line *l, uint64_t mail, uint32_t rcpt);
/* The first; there must be one. */
struct waiting line_take(struct line *l);

#endif
