/* SPDX-License-Identifier: ISC */
/*
 * merge - recipients that a mail has, and targets that router names now
 *
 * Finds the changes that make one the other. Nobody gets a mail twice by them: an
 * address that the mail has, whatever became of it, is not added.
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

/* Changes for those of the group that are marked (an octet for each recipient of
 * the mail). What is KEPT then stays, what is still MARKED has no target any
 * more. False: that is no such list, and nothing is changed. */
enum { MERGE_MARKED = 1, MERGE_KEPT = 2 };
bool merge_targets(const struct mail *m, const struct merge_group *g,
    uint8_t *marked, struct merge_changes *out);
/* After the last group: no address stands there twice. */
void merge_unique(struct merge_changes *c, uint8_t *marked);

/* Is it a list of targets that recipients may have? Then walk it. */
bool merge_is_list(struct view list);
bool merge_next(struct view *list, struct target *t);
/* All recipients that are meant to get the mail, sorted; the caller's to free. */
uint32_t *merge_sorted(const struct mail *m, uint32_t *n,
    int (*order)(const void *, const void *, void *));
int merge_by_original(const void *a, const void *b, void *mail);

#endif
