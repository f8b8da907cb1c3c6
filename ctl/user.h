/* SPDX-License-Identifier: ISC */
/*
 * user - what commands that change a line of the users file share
 *
 * They print what is wrong and return a code of sysexits.h, 0 when fine.
 */
#ifndef CTL_USER_H
#define CTL_USER_H

#include "ctl/ctl.h"

struct user_edit {
	struct view name;	/* canonical */
	struct view line;	/* of the file, with its end; filled in */
	struct view secret;
	const void *more;	/* what else the function wants */
};

struct user_change {
	/* From the old text to the new one. */
	void (*edit)(const struct user_edit *e, struct view text,
	    struct str *to);
	bool must_exist;	/* else it must not */
};

/* The canonical name of a user given as user@domain. */
int user_name(const char *given, struct str *name);
/* Change the file. */
int user_apply(struct ctl *ctl, const struct user_change *c,
    struct user_edit *e);
/* A server that runs reads this file again, which has changed. */
int user_tell_server(struct ctl *ctl, const char *path);

#endif
