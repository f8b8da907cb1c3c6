/* SPDX-License-Identifier: ISC */
/*
 * mailbox - the way to a user's mailboxes, for commands
 */
#ifndef CTL_MAILBOX_H
#define CTL_MAILBOX_H

#include "ctl/link.h"

#define MAILBOX_SESSION	1	/* the only one on its link */

/* A link to the store that has the mailboxes of the user, with his rights. 0, or
 * a code of sysexits.h after a complaint. */
int mailbox_link(struct ctl *ctl, const char *user, struct channel **c);
/* His mailboxes, a message mailboxes. r is to be freed when it is true. */
bool mailbox_names(struct channel *c, struct reply *r, struct why *w);

#endif
