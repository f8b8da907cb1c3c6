/* SPDX-License-Identifier: ISC */
/*
 * find - mailboxes that a user's directory has and the index does not
 *
 * So they come back when the index is lost, and so come in those that an
 * administrator restored or copied. A copy gets a MAILBOXID of its own.
 */
#ifndef STORE_FIND_H
#define STORE_FIND_H

#include "store/index.h"

/* Give a row to every mailbox of the user's directory that has none, and remove
 * what removed mailboxes left. From a fiber; false with the reason. */
bool mailbox_find_folders(struct view user, struct why *w);

#endif
