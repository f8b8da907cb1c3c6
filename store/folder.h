/* SPDX-License-Identifier: ISC */
/*
 * folder - making, removing, renaming and subscribing to mailboxes
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
bool folder_subscribe(struct request *r, struct why *w);
bool folder_list(struct request *r, struct why *w);
bool folder_rebuild(struct request *r, struct why *w);

/* Finish what a crash interrupted; from a fiber. Does nothing while a request
 * of this user is at work. */
bool folder_recover(struct view user, struct why *w);

#endif
