/* SPDX-License-Identifier: ISC */
/*
 * watch - files that master hands to a child, and again when they change
 *
 * Whoever changes files is given the time to end: they are handed over when
 * nothing has changed since the last look.
 */
#ifndef MASTER_WATCH_H
#define MASTER_WATCH_H

#include "master/child.h"

struct loop_timer;

struct watch {
	unsigned role;		/* who gets the files */
	bool (*changed)(void);	/* since the last call; remembers what it saw */
	void (*send)(struct child *c);
	/* of watch.c */
	bool known;		/* somebody was given them */
	bool unsettled;		/* changed at the last look */
	struct loop_timer *timer;
};

/* To a process at its start. A change of which it may not know yet is looked
 * after, too. */
void watch_give(struct watch *w, struct child *c);
/* Look from now on. */
void watch_begin(struct watch *w);
/* What is there now counts: hand it over. */
void watch_hand_over(struct watch *w);

#endif
