/* SPDX-License-Identifier: ISC */
/*
 * edit - change a text file of etc/ without losing a line of it
 *
 * Held under a lock from reading to writing, so that two commands do not undo
 * each other. The file is replaced as a whole; owner and mode stay.
 */
#ifndef CTL_EDIT_H
#define CTL_EDIT_H

#include "lib/base/str.h"

struct edit {
	const char *path;	/* the new text stands in PATH.new meanwhile */
	int fd;			/* locked */
	struct str text;
};

/* Read and lock; a missing file is an empty one and is made: for everybody to
 * read, or only for this group. False with a sentence. */
bool edit_begin(struct edit *e, const char *path, const char *group,
    struct str *error);
/* Put new text in place of the old, on disk before this returns, and unlock. */
bool edit_commit(struct edit *e, const struct str *text, struct str *error);
/* The same in two steps, for who wants to look at the new file between. */
bool edit_write(struct edit *e, const struct str *text, struct str *error);
bool edit_put(struct edit *e, struct str *error);
/* Nothing changes; unlock. */
void edit_abort(struct edit *e);

#endif
