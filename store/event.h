/* SPDX-License-Identifier: ISC */
/*
 * event - tell the sessions that have a mailbox open what happened to it
 *
 * Told when it is safe on disk, in the order in which it happened, and before
 * the answer to the request that did it. A session that opens a mailbox in
 * between has it in its snapshot and is not told again. Those who watch all
 * mailboxes of the user hear of it, too (store/watch.h).
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/mailbox.h"

/* Of a mailbox_event that store/acl.c sends. */
#define EVENT_RIGHTS	6

/* One session's view of a mailbox. */
struct handle {
	LIST_ENTRY(handle) of_mailbox;
	LIST_ENTRY(handle) of_link;
	struct link *link;
	struct mailbox *mb;	/* holds a reference */
	uint64_t session;
	uint32_t number;
	uint8_t mode;		/* of mailbox_open */
	uint64_t since;		/* events up to this are in its snapshot */
	struct str uids;	/* of an expunge, so far */
	struct reader *reader;	/* whose \Seen it shows; NULL: the owner's */
	uint32_t rights;	/* enum right, as they are now */
};

void event_added(struct mailbox *mb, const struct record *r);
/* Packed records, any number. */
void event_flags(struct mailbox *mb, struct view records);
void event_expunged(struct mailbox *mb, struct view records);
void event_keywords(struct mailbox *mb);
/* At once: the handles are of no use any more. */
void event_deleted(struct mailbox *mb);

#endif
