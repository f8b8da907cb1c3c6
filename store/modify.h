/* SPDX-License-Identifier: ISC */
/*
 * modify - what sessions do to the messages of an open mailbox
 */
#ifndef STORE_MODIFY_H
#define STORE_MODIFY_H

#include "store/link.h"

bool modify_flags(struct request *r, struct why *w);
bool modify_expunge(struct request *r, struct why *w);

/* Is the handle one for writing? NEVER 7.0 if not. */
bool modify_allowed(struct request *r, uint32_t handle, struct why *w);
/* The UID set of a request, in its arena. */
bool modify_set(struct request *r, struct mailbox *mb, struct view text,
    struct numset *set);

struct chosen {
	const struct records *records;	/* set this first */
	bool deleted_only;
	struct entry *entries;	/* as they are now */
	uint32_t *uids;
	size_t n, cap;
};

/* For records_each(), with a struct chosen. */
void modify_choose(void *arg, size_t i);
void modify_chosen_free(struct chosen *c);

#endif
