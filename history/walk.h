/* SPDX-License-Identifier: ISC */
/*
 * walk - through the blocks of a book that can have what is looked for
 *
 * Runs in a fiber and lets others work in between; segments may come and go
 * meanwhile. Blocks without a row are looked at in any case.
 */
#ifndef HISTORY_WALK_H
#define HISTORY_WALK_H

#include "history/book.h"

struct walk {
	struct book *book;
	const uint32_t *prints;	/* ascending */
	size_t n;
	int64_t since;		/* us: segments that ended before are left out */
	/* Each event of such a block; views live for the call. */
	void (*event)(void *arg, struct view octets, const struct event *e);
	/* After each block and now and then: true ends the walk. May wait. */
	bool (*enough)(void *arg);
	void *arg;
};

/* Oldest first. */
void walk_forward(const struct walk *w);
/* Newest block first; the events of a block are in order. */
void walk_backward(const struct walk *w);

#endif
