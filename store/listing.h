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

#endif
