/* SPDX-License-Identifier: ISC */
/*
 * job - a list for each level
 */
#include <stdlib.h>

#include "queue/job.h"
#include "queue/line.h"

#define FRESH_LEVELS	0xaaaaaaaaaaaaaaaaull	/* the odd ones: level_of() */

STAILQ_HEAD(list, job);

struct jobs {
	struct list at[LEVELS];
	struct turns turns;
};

struct jobs *
jobs_new(void)
{
	struct jobs *w = xcalloc(1, sizeof(*w));

	for (size_t i = 0; i < LEVELS; i++)
		STAILQ_INIT(&w->at[i]);
	return w;
}

void
jobs_put(struct jobs *w, struct job *j, bool first)
{
	must(j->level < LEVELS && j->at < j->n);
	if (first)
		STAILQ_INSERT_HEAD(&w->at[j->level], j, entry);
	else
		STAILQ_INSERT_TAIL(&w->at[j->level], j, entry);
	w->turns.busy |= 1ull << j->level;
}

struct job *
jobs_take(struct jobs **held)
{
	struct jobs *w = *held;
	unsigned level = turns_next(&w->turns);
	struct job *j = STAILQ_FIRST(&w->at[level]);

	STAILQ_REMOVE_HEAD(&w->at[level], entry);
	if (STAILQ_EMPTY(&w->at[level]))
		w->turns.busy &= ~(1ull << level);
	if (w->turns.busy == 0) {
		free(w);
		*held = NULL;
	}
	return j;
}

bool
jobs_are_fresh(const struct jobs *w)
{
	return (w->turns.busy & FRESH_LEVELS) != 0;
}
