/* SPDX-License-Identifier: ISC */
/*
 * extras - what LIST tells of many mailboxes at once (RFC 8440, RFC 9590)
 *
 * Rights or metadata of the user's own mailboxes. What does not fit into the
 * answer any more is left to be asked for by itself.
 */
#ifndef STORE_EXTRAS_H
#define STORE_EXTRAS_H

#include "store/link.h"

bool extras_many(struct request *r, struct why *w);

#endif
