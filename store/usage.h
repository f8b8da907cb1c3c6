/* SPDX-License-Identifier: ISC */
/*
 * usage - what a user keeps and may keep, for him and the administrator
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "lib/proc/settings.h"
#include "store/link.h"

/* Who may set limits through imapd; the words live until the next call. */
void usage_begin(const struct words *quota_admins);

/* MSG_quota_get, MSG_quota_set. */
bool usage_get(struct request *r, struct why *w);
bool usage_set(struct request *r, struct why *w);

#endif
