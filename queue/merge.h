/* SPDX-License-Identifier: ISC */
/*
 * merge - recipients that a mail has, and targets that router names now
 *
 * Finds the changes that make one the other. Nobody gets a mail twice by them: an
 * address that the mail has, whatever became of it, is not added. Commands and
 * files of an alias count one by one.
 */
#ifndef QUEUE_MERGE_H
#define QUEUE_MERGE_H

#include "queue/change.h"

/* Recipients with the same address of the client, and where that one goes: a
 * list as in routed. */
struct merge_group {
	const uint32_t *member;
	uint32_t members;
	struct view targets;
};
struct merge_changes {
	struct change *at;	/* the caller's to free */
	size_t n, cap;
};

struct merge_groups {
	struct merge_group *at;
	size_t n;
};

/* Changes for those of the groups that are marked (an octet for each recipient of
 * the mail), no address twice. What is KEPT then stays; what is still MARKED has
 * no target any more and becomes nobody's: it is to be SETTLED. */
enum { MERGE_MARKED = 1, MERGE_KEPT = 2 };
void merge_groups(const struct mail *m, const struct merge_groups *g,
    uint8_t *marked, struct merge_changes *out);

/* Is it a list of targets that recipients may have? Then walk it. */
bool merge_is_list(struct view list);
bool merge_next(struct view *list, struct target *t);
/* All recipients that are meant to get the mail, sorted; the caller's to free. */
uint32_t *merge_sorted(const struct mail *m, uint32_t *n,
    int (*order)(const void *, const void *, void *));
int merge_by_original(const void *a, const void *b, void *mail);

#endif
