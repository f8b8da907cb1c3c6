/* SPDX-License-Identifier: ISC */
/*
 * load - bring a mailbox into memory, from the index or from its files
 *
 * A mailbox whose index is lost is made again from its directory, with the
 * UIDVALIDITY, UIDs and flags that stand there. One that had names under way
 * when we last ended is compared with its directory: what was never
 * acknowledged goes, what lost its row for good comes back. From fibers only.
 */
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include "store/mailbox.h"

/* Ready, with a reference. An INBOX is made if there is none. NULL with the
 * reason: NEVER 2.0 when there is no such mailbox. */
struct mailbox *mailbox_get(struct view user, struct view name, struct why *w);
/* Know the user's mailboxes: from the index, or from the directory. */
bool mailbox_know_user(struct view user, struct why *w);
/* What is in memory is on disk: what is told of it can't be taken back. False
 * with LATER. */
bool mailbox_settle(struct mailbox *mb, struct why *w);
/* Have the records in memory; does not wait. */
bool mailbox_load(struct mailbox *mb, struct why *w);
/* Believe the files: take in what is new, drop what is gone, take over flags.
 * On a mailbox in use; its sessions get events. */
bool mailbox_rebuild(struct mailbox *mb, struct why *w);
/* How far index and files differ, added to found. False with LATER. */
struct differences;
bool mailbox_check(struct mailbox *mb, struct differences *found,
    struct why *w);
/* Start to look into the mailboxes that had work under way when the last
 * process ended; those in use are looked into at once by whoever needs them. */
void load_begin(void);
/* Some of them were not looked into yet: their files may not say everything that
 * the index does. */
bool load_is_under_way(void);
/* A UIDVALIDITY that this user has not had. */
uint32_t mailbox_uidvalidity(struct view user);

#endif
