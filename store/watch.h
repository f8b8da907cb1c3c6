/* SPDX-License-Identifier: ISC */
/*
 * watch - tell sessions about mailboxes that they have not opened
 *
 * A session that watches (NOTIFY, RFC 5465) hears of every mailbox of its user:
 * what happened to it, and its numbers afterwards. Nothing is kept for a
 * mailbox at rest, so a user with 10,000 of them costs as much as one with 10.
 * What happens to a mailbox in a round is told once, when it is safe on disk and
 * before the answer to the request that did it. Which of it a client wants to
 * know is for the session to say.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "store/link.h"

/* What happened; as in message watched. */
enum {
	WATCH_ADDED = 1, WATCH_EXPUNGED = 2, WATCH_FLAGS = 4,
	WATCH_NAME = 8,			/* made, removed or renamed */
	WATCH_SUBSCRIBED = 16,		/* or not any more */
	WATCH_METADATA = 32, WATCH_SERVER_METADATA = 64,
	WATCH_LOST = 128		/* anything may have happened */
};
/* What a mailbox is now. */
enum { WATCH_EXISTS = 1, WATCH_IS_SUBSCRIBED = 2, WATCH_CHILDREN = 4 };

/* The request "watch"; needs no waiting. */
void watch_request(struct channel *c, uint32_t tag, struct msg_watch *m);
/* A session ends, or all of a link. */
void watch_end(struct link *l, uint64_t session);
void watch_end_link(struct link *l);

/* To be told when the present round has ended. what: of its messages. */
void watch_messages(struct mailbox *mb, unsigned what);
/* Something else about a mailbox. It is told at once, as it is safe already, to
 * all but the session whose request it was. */
struct watch_change {
	unsigned what;
	uint64_t session;
	struct view name;
	struct view old;	/* the name before a renaming, or empty; of
				 * metadata: the entry */
};
void watch_change(struct request *r, struct view user,
    const struct watch_change *c);
/* The users who watch and may look up somebody else's mailbox, as list_put; to
 * be taken before its name or its rights change. */
void watch_onlookers(struct view owner, struct view name, struct str *users);
/* For these it is gone if they may not look it up now; to others who may it has
 * come (RFC 5465 5.4). With an old name it is renamed, and before says nothing.
 * The owner is not told. */
void watch_onlookers_tell(struct request *r, struct view owner,
    const struct watch_change *c, struct view before);
/* A mailbox is renamed: both of these. */
void watch_name(struct request *r, struct view owner,
    const struct watch_change *c, struct view before);
/* It is made or removed: its owner hears of the one above it, too, whether that is
 * a mailbox or not (RFC 5465 5.4). */
void watch_made_or_gone(struct request *r, struct view owner,
    const struct watch_change *c, struct view before);
/* Metadata that others see, too: to them by the name that they have for it. */
void watch_metadata(struct request *r, struct view owner,
    const struct watch_change *c);
/* Rounds have failed, or nobody knows. */
void watch_lost(void);

#endif
