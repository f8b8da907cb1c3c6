/* SPDX-License-Identifier: ISC */
/*
 * quota - what a user keeps in all his mailboxes, and whether there is room
 *
 * The sum of the headers, in memory as long as one of his mailboxes is there.
 * Each message that comes or goes changes it; whatever happens to a mailbox as a
 * whole makes it unknown, and the next who wants it adds the rows up again. So
 * there is nothing on disk that could be wrong: the headers are written with
 * the messages, in one transaction. Who has no limit costs nothing but counting.
 *
 * A mailbox that is not known (its index was lost) counts as empty until it has
 * been read; a user with a limit has his read when he is looked at.
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <bsd/sys/queue.h>

#include "lib/base/why.h"
#include "lib/mail/quota.h"
#include "lib/mail/record.h"

/* The attribute of INBOX with the limits that quota_set made. */
#define QUOTA_ATTRIBUTE "quota"

struct mailbox;

struct quota {
	LIST_ENTRY(quota) hashed;
	TAILQ_ENTRY(quota) changed;
	char *user;
	unsigned refs;
	bool known;		/* the numbers are right */
	uint64_t octets, messages;
	uint64_t coming_octets, coming_messages; /* names, but no rows yet */
	unsigned unread;	/* mailboxes that are not known */
	int64_t read_after;	/* clock_ms: not before */
	/* Of store/full.c: */
	unsigned generation;	/* of limits; 0: never asked for */
	struct quota_limits limits;
	struct quota_limits own; /* of the attribute; both or none are said */
	bool is_changed;	/* in the list of those to be looked at */
	bool noted;		/* the next two are as the row has them */
	bool full;
	uint8_t warned;		/* at so many percent */
	bool warning;		/* a fiber does it */
};

/* Never NULL. */
struct quota *quota_ref(struct view user);
void quota_unref(struct quota *q);
/* Call f for everybody in memory. */
void quota_each(void (*f)(struct quota *q));

/* The attributes of his INBOX are this text now. */
void quota_take_own(struct view user, struct view text);

/* A message has come into (1) or gone out of (-1) a mailbox. */
void quota_count(const struct mailbox *mb, const struct record *r, int sign);
/* Messages are on their way, or arrived or failed. */
void quota_coming(struct quota *q, uint64_t octets, uint64_t messages);
void quota_came(struct quota *q, uint64_t octets, uint64_t messages);
/* Something happened that single messages do not tell. */
void quota_forget(struct quota *q);
void quota_forget_all(void);

/* Know the numbers; false when the index is in trouble. Does not wait. */
bool quota_know(struct quota *q);
/* From a fiber: read what is not known of the user's mailboxes, then know. */
bool quota_read_all(struct quota *q, struct why *w);

/* The same beside other work; what cannot be read is tried again later. */
void quota_read_behind(struct quota *q);

/* Is there room for so much more? False with LATER or NEVER 2.2. */
struct quota_need {
	uint64_t octets, messages;
	bool delivered;		/* mail from outside: may exceed it a little */
};
bool quota_room(struct quota *q, const struct quota_need *n, struct why *w);

#endif
