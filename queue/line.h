/* SPDX-License-Identifier: ISC */
/*
 * line - who waits for a turn: by priority, then first come, first served
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

/* One line. { 0 } is empty. */
struct line {
	struct waiting *item;	/* a ring that grows */
	size_t first, n, cap;
};

void line_put(struct line *l, uint64_t mail, uint32_t rcpt);
/* The first; there must be one. */
struct waiting line_take(struct line *l);

#define LINES 20	/* levels of priority */

/* A line for each level: the highest goes first, but every LINES_FAIR-th turn
 * goes to the levels in a row, so that nobody waits for ever. { 0 } is
 * empty. */
#define LINES_FAIR 8
struct lines {
	struct line at[LINES];
	size_t n;
	unsigned turn, next;
};

void lines_put(struct lines *l, unsigned level, struct waiting w);
/* There must be one. */
struct waiting lines_take(struct lines *l);

#endif
