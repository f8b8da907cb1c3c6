/* SPDX-License-Identifier: ISC */
/*
 * account - the mailboxes of one user, as names
 *
 * What folder.c, rename.c and listing.c have in common: one request that
 * changes a user's mailboxes at a time, which names there are, and the notes
 * that outlive a crash.
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/access.h"

#define ACCOUNT_MAILBOXES	20000	/* of one user */

struct account_lock;
/* From a fiber: wait for one's turn. user may be any view. */
struct account_lock *account_lock(struct view user);
void account_unlock(struct account_lock *l);
/* Is a request at work? */
bool account_is_locked(struct view user);
/* Run f under the lock of the session's user, whose mailboxes are known. */
bool account_work(struct request *r, uint64_t session,
    bool (*f)(struct request *, struct view user, struct why *), struct why *w);

/* The same for the owner of the mailbox that a name means. */
bool account_work_on(struct request *r, uint64_t session, struct view name,
    bool (*f)(struct request *, const struct access *, struct why *),
    struct why *w);

/* Is it, or one above it, getting another name at this moment? Its directory may
 * have gone already, while its row is still there. */
bool account_is_renaming(struct view user, struct view name);
bool account_exists(struct view user, struct view name);
struct account_names {
	struct str list;	/* list_put, in order; the caller frees it */
	size_t n;
	struct view prefix;	/* of names wanted: it, or below it */
	size_t user;		/* octets of the key in front */
};
/* All names, or prefix and what is below it. */
bool account_names(struct view user, struct view prefix,
    struct account_names *n);
/* "<user's directory>" and the folder of a name in it. */
bool account_paths(struct view user, struct view name, struct str *path,
    struct str *folder);
/* Put a note into INDEX_FOLDERS, or remove it (NULL). */
void account_note(struct view user, char kind, struct view name,
    const char *value);

#endif
