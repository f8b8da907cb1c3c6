/* SPDX-License-Identifier: ISC */
/*
 * line - who waits for a turn: by level, then first come, first served
 *
 * Holds ids and numbers, not pointers, so that a mail may vanish meanwhile; who
 * takes an item looks it up again. A level is a priority (RFC 6710), and within
 * it new mail comes before what is tried again.
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

#define LEVELS 40

/* Of a priority of 0 (unsaid) to PRIORITY_MOST; fresh: never tried. */
unsigned level_of(uint8_t priority, bool fresh);

/* Whose turn it is: the highest level has it, but every TURNS_FAIR-th turn goes
 * to the levels with work in a row, so that nobody waits for ever. */
#define TURNS_FAIR 8
struct turns {
	uint64_t busy;		/* bit: a level with work */
	unsigned turn, last;
};
/* There must be a level with work. */
unsigned turns_next(struct turns *t);

/* A line for each level. { 0 } is empty. */
struct lines {
	struct line at[LEVELS];
	size_t n;
	struct turns turns;
};

void lines_put(struct lines *l, unsigned level, struct waiting w);
/* There must be one. */
struct waiting lines_take(struct lines *l);

#endif
