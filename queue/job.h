/* SPDX-License-Identifier: ISC */
/*
 * job - recipients of one mail that go to one next host together
 *
 * Holds an id and numbers, not pointers, so that a mail may vanish meanwhile.
 * Jobs that wait for a destination have their turns by level (queue/line.h). A
 * large one goes in parts and gets behind the others after each.
 */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include <bsd/sys/queue.h>

#include "lib/base/base.h"

struct job {
	STAILQ_ENTRY(job) entry;
	uint64_t mail;
	uint32_t n, at, cap;	/* recipients; those before at had their turn */
	uint32_t asked;		/* retry: those before it have been routed again */
	uint8_t level;
	bool retry;
	uint32_t rcpt[];
};

/* What waits for one destination; exists while there is something. */
struct jobs;
struct jobs *jobs_new(void);
void jobs_put(struct jobs *w, struct job *j, bool first);
/* The next; with the last one *w is freed and NULL. */
struct job *jobs_take(struct jobs **w);
/* Is there one that was never tried? */
bool jobs_are_fresh(const struct jobs *w);

#endif
