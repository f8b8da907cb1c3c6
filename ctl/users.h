/* SPDX-License-Identifier: ISC */
/*
 * users - change the users file without losing a line of it
 *
 * Held under a lock from reading to writing, so that two commands do not undo
 * each other. Comments, order and further fields stay; so do owner and mode.
 */
#ifndef CTL_USERS_H
#define CTL_USERS_H

#include "lib/base/str.h"

struct users_edit {
	const char *path;
	int fd;			/* locked */
	struct str text;
};

/* Read and lock; a missing file is an empty one and will be made by commit.
 * False with a sentence. */
bool users_begin(struct users_edit *e, const char *path, struct str *error);
/* Put new text in place of the old, on disk before this returns, and unlock. */
bool users_commit(struct users_edit *e, const struct str *text,
    struct str *error);
void users_abort(struct users_edit *e);

/* domain: users_domain() of the settings. The line of a user, with its line end; p NULL when there is none. */
struct view users_find(struct view text, struct view name,
    struct view domain);

#endif
