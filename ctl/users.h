/* SPDX-License-Identifier: ISC */
/*
 * users - the users file as lines, for commands that change it
 */
#ifndef CTL_USERS_H
#define CTL_USERS_H

#include "lib/base/str.h"

/* Who may read it beside root. */
#define USERS_GROUP	"posthouse-auth"

/* The line of a user, with its line end; p NULL when there is none. domain:
 * users_domain() of the settings. */
struct view users_find(struct view text, struct view name,
    struct view domain);

#endif
