/* SPDX-License-Identifier: ISC */
/*
 * newcomer - the mailboxes that an account gets when it is used first
 *
 * Clients want Drafts, Sent and the like, and each would make them under a name
 * of its own. An account is new as long as it has no INBOX on disk, so what a
 * crash left undone is made the next time; what its user removes stays away.
 */
#ifndef STORE_NEWCOMER_H
#define STORE_NEWCOMER_H

#include "lib/base/why.h"

/* Which ones, as bits of lib/mail/uses.h; each is called as its use is. None
 * until this is called. For all who are new from now on. */
struct words;
void newcomer_begin(const struct words *uses);
/* From a fiber, for a user whom no other fiber knows yet. That they cannot be
 * made is only logged: the account is of use without them. */
void newcomer_welcome(struct view user);

#endif
