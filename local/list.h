/* SPDX-License-Identifier: ISC */
/*
 * list - a mail to a list becomes a mail to its members
 *
 * router names the members, all in one piece of memory that is shared. For a
 * thousand of them at a time another mail is queued, which has the rest of the
 * list as one more recipient; queue settles the list with it (queue/split.h). It
 * has the same content, as another name of the same file, but for the first one
 * of a list with an owner: that has the owner's address in Return-Path, and the
 * list's in Delivered-To, by which a mail that comes back to it is known.
 */
#ifndef LOCAL_LIST_H
#define LOCAL_LIST_H

#include "lib/proc/channel.h"

#define LIST_PART	1000	/* members of one mail */

void list_attempt(struct channel *queue, uint32_t tag,
    const struct msg_attempt *a);
void list_closed(const struct channel *c);
/* Nothing is under way. */
bool list_is_idle(void);

#endif
