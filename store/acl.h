/* SPDX-License-Identifier: ISC */
/*
 * acl - access control lists (RFC 4314)
 *
 * The list of a mailbox are its attributes acl/IDENTIFIER (store/attributes.h);
 * lib/mail/rights.h computes what it comes to. Whoever has the mailbox open when
 * its list changes has the new rights at once, before the change is answered.
 */
#ifndef STORE_ACL_H
#define STORE_ACL_H

#include "store/link.h"

#define ACL_PREFIX	"acl/"

/* What a user may do; of a mailbox that does not exist: all to its owner, none
 * to others. Does not wait. */
uint32_t acl_rights(struct view owner, struct view mailbox,
    struct view user);
/* Does anybody but its owner have rights in it, perhaps? */
bool acl_is_shared(struct view owner, struct view mailbox);
/* May the session do all of these with what it has open? NEVER 7.0 if not. */
bool acl_allows(struct request *r, uint32_t handle, uint32_t rights,
    struct why *w);
/* Give a new mailbox the list of the one above it, if that exists; from a
 * fiber that holds account_lock(owner). */
bool acl_inherit(struct view owner, struct view mailbox, struct why *w);

/* Requests. */
bool acl_get(struct request *r, struct why *w);
bool acl_set(struct request *r, struct why *w);

#endif
