/* SPDX-License-Identifier: ISC */
/*
 * listing - requests about all mailboxes of a user
 */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include "store/link.h"

bool listing_list(struct request *r, struct why *w);
bool listing_subscribe(struct request *r, struct why *w);
bool listing_rebuild(struct request *r, struct why *w);
/* Is the name subscribed to? No, if nobody knows. */
bool listing_is_subscribed(struct view user, struct view name);

/* Subscribe to all of a list, with account_lock(user); his directory is there. */
bool listing_subscribe_to(struct view user, struct view names, struct why *w);

#endif
