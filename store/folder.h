/* SPDX-License-Identifier: ISC */
/*
 * folder - making, removing and renaming mailboxes
 *
 * One such request of a user at a time. What takes several steps on disk is
 * noted in INDEX_FOLDERS first and finished by folder_recover() after a crash:
 * a removed mailbox does not come back, a renamed one has one of both names.
 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "store/link.h"

bool folder_create(struct request *r, struct why *w);
bool folder_delete(struct request *r, struct why *w);
bool folder_rename(struct request *r, struct why *w);

/* Finish what a crash interrupted; from a fiber. Does nothing while a request
 * of this user is at work. */
bool folder_recover(struct view user, struct why *w);

/* For rename.c: make a mailbox whose name folder_may_make() allows, with special
 * uses (lib/mail/uses.h). Under the lock of the account. */
bool folder_may_make(struct view user, struct view name, struct why *w);
bool folder_make(struct view user, struct view name, uint32_t uses,
    struct why *w);
/* For folder.c: the renaming of which R is noted, from its beginning. */
bool folder_rename_all(struct view user, struct view from, struct view to,
    struct why *w);

#endif
