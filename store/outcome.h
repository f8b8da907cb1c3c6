/* SPDX-License-Identifier: ISC */
/*
 * outcome - has an expunge happened, when the index broke under it?
 *
 * A flush that failed may have written the whole of a transaction, or less:
 * recovery decides, and it makes certain what it decides before it lets anybody
 * in (kv_open). So the answer waits for it, and only where the index stays shut
 * is it that nobody knows.
 */
#ifndef STORE_OUTCOME_H
#define STORE_OUTCOME_H

#include "lib/base/arena.h"
#include "store/mailbox.h"

struct outcome {
	uint64_t openings;	/* see index_openings */
	const char *user, *name;
	uint32_t uidvalidity;
};

/* Before the change: which mailbox it is. Names in the arena. */
void outcome_begin(struct outcome *o, struct arena *a,
    const struct mailbox *mb);
/* The flush behind it has failed. True when these messages are gone; else LATER
 * when they are there, and why_unknown when that could not be found out in
 * time. From a fiber; the mailbox of before is stale. */
bool outcome_is_gone(const struct outcome *o, const uint32_t *uids, size_t n,
    struct why *w);

#endif
