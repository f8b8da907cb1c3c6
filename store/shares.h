/* SPDX-License-Identifier: ISC */
/*
 * shares - who shares what with whom
 *
 * A row in INDEX_SHARED for each identifier in the list of each mailbox, so that
 * the mailboxes that a user may look up are found without asking all others.
 * What a row stands for is asked again where it is used. The rows are made with
 * the attributes; when the index was lost, or users have come from another
 * instance, all users' directories are looked into once (shares_begin).
 */
#ifndef STORE_SHARES_H
#define STORE_SHARES_H

#include "store/link.h"

/* The attributes of a mailbox were this and are this now, as text, in the
 * transaction that says so. With a new name: before and after are the same. */
void shares_change(struct view owner, struct view mailbox, uint32_t number,
    struct view before, struct view after);
/* The same for attributes as the index has them: the mailbox has been renamed,
 * or goes. */
void shares_renamed(struct view owner, struct view mailbox, uint32_t number);
void shares_gone(struct view owner, struct view mailbox, uint32_t number);

/* See whether all is known, and if not, make it so. */
void shares_begin(void);

/* Append the names, as they are for the user, of mailboxes of users of this
 * instance that he may look up, as list_put. From a fiber: waits until all is
 * known; LATER when that takes too long. */
bool shares_list(struct view user, struct str *list, struct why *w);

#endif
