/* SPDX-License-Identifier: ISC */
/*
 * access - which mailbox a name means to a session, and what the user may do
 *
 * The only place where rights are asked for by name: every request that names a
 * mailbox comes through here, and what it opens keeps its rights in the handle
 * (store/acl.h). A mailbox of somebody else that the user may not look up does
 * not exist for him, whatever he tries.
 */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include "lib/mail/rights.h"
#include "store/link.h"

struct access {
	struct view user;	/* who asks */
	struct view owner;	/* whose mailbox it is */
	struct view name;	/* as the owner says it */
	uint32_t rights;	/* enum right; of a mailbox that is not there: all
				 * to its owner, none to others */
};

/* Which users this instance has. Before the first request. */
void access_begin(uint32_t instance, uint32_t instances);
/* Is he a user of this instance? Else *instance is whose he is. */
uint32_t access_here(void);
uint32_t access_instances(void);
bool access_is_here(struct view user, uint32_t *instance);

/* Has this instance the mailbox that a user calls so? */
bool access_instance(struct view user, struct view name, uint32_t *instance);

/* From a fiber. The views live as long as the request. False: the session is
 * nobody's, there is no such mailbox of others, or it is another store's. */
bool access_find(struct request *r, uint64_t session, struct view name,
    struct access *a, struct why *w);
/* The same for a user that another store vouches for. */
bool access_of(struct request *r, struct view user, struct view name,
    struct access *a, struct why *w);
/* All of these? Else NEVER: 7.0, or 2.1 when he may not even know. */
bool access_needs(const struct access *a, uint32_t rights, struct why *w);
/* The same after a wait: what he may do is asked anew. */
bool access_still(struct access *a, uint32_t rights, struct why *w);
/* May he make a mailbox of this name? As access_needs() of the one above. */
bool access_may_make(const struct access *a, struct why *w);
/* The mailbox, ready, with a reference; NULL with the reason. */
struct mailbox *access_open(struct request *r, uint64_t session,
    struct view name, uint32_t rights, struct access *a, struct why *w);
static inline bool
access_is_own(const struct access *a)
{
	return view_eq(a->user, a->owner);
}
/* The set of the user in a mailbox of somebody else; *reader is NULL in his
 * own. False: LATER. */
struct reader;
bool access_reader(const struct access *a, struct mailbox *mb,
    struct reader **reader, struct why *w);

/* Of these flags and keywords, those that may be set with such rights. */
void access_limit(uint32_t rights, uint32_t *flags, uint64_t *keywords);

/* Names of others' mailboxes end at the level that has none. */
bool access_no_such(struct why *w);

#endif
