/* SPDX-License-Identifier: ISC */
/*
 * distant - what is asked of another instance of store
 *
 * Only auth says who a session is, and it says so to the store that has that
 * user's mailboxes. That store vouches for it to another when the session wants
 * a mailbox there (admit). Which mailboxes others share is asked of all.
 */
#ifndef STORE_DISTANT_H
#define STORE_DISTANT_H

#include "store/link.h"

bool distant_admit(struct request *r, struct why *w);
bool distant_shares(struct request *r, struct why *w);

#endif
