/* SPDX-License-Identifier: ISC */
/*
 * copying - messages that become messages of another mailbox, as hard links
 *
 * The target's part of every copy, whoever has the source: new UIDs, names in
 * cur/, rows, all or none. Flags come along as far as who copies may set them
 * there; his \Seen stays his, in the target as well.
 */
#ifndef STORE_COPYING_H
#define STORE_COPYING_H

#include "store/arrival.h"

struct copying {
	struct mailbox *to;
	struct mailbox *from;		/* NULL: another store has it */
	uint32_t rights;		/* enum right, in the target */
	struct reader *reader;		/* in the target; NULL: its owner */
	int from_dir;			/* where the files are */
	struct view base;		/* they are base.0, base.1...; empty: as
					 * their entries say */
	struct view keywords;		/* names by bits of the source */
	const struct entry *source;	/* \Seen as who copies has it */
	size_t n;
	/* In the transaction of the target's rows; NULL, or false: it can't be
	 * done any more. */
	bool (*rows)(struct copying *);
	void *arg;
	/* What comes of it; copying_free() */
	struct entry *target;
	int error;			/* errno of making links */
	bool refused;			/* rows() said so */
	/* for copying.c */
	char **old, **new;
	bool *seen;
	size_t made;
};

/* From a fiber. False with the reason; error and refused tell more. */
bool copying_run(struct copying *c, struct why *w);
void copying_free(struct copying *c);
/* The new UIDs as a set. */
void copying_uids(const struct copying *c, struct str *out);

#endif
