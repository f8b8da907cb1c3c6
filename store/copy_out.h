/* SPDX-License-Identifier: ISC */
/*
 * copy_out - copy and move to a mailbox of another instance of store
 *
 * Both have the same mail directory. The one with the source links the files
 * into the source's tmp/ under names of its own, so that nobody renames them,
 * and the one with the target links them from there into its cur/ and writes
 * rows, all or none, as for every copy; only then it answers.
 *
 * A move between two stores is no transaction: copies are safe in the target
 * before the source's messages are removed, so a crash in between leaves them in
 * both. What others removed from the source meanwhile stays in the target.
 */
#ifndef STORE_COPY_OUT_H
#define STORE_COPY_OUT_H

#include "store/modify.h"

/* The source's side. */
struct copy_out {
	struct view user;	/* who copies */
	struct view target;	/* name as he says it */
	uint32_t instance;	/* that has it */
	struct mailbox *from;
	const struct chosen *source;	/* entries with \Seen as he has it */
	struct str uids;	/* of the copies, ascending; caller frees */
	uint32_t uidvalidity;
};
bool copy_out(struct copy_out *c, struct why *w);
/* The target's side: request copy_in. */
bool copy_in(struct request *r, struct why *w);

#endif
