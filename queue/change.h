/* SPDX-License-Identifier: ISC */
/*
 * change - other recipients for a mail that is in the queue
 *
 * A mail is one allocation and one record, so a change makes another mail of the
 * same id, which takes the place of the old one in the ledger, the schedule and
 * the journal: the later record counts. Recipients keep their numbers; new ones
 * come behind. Content, reports and attempts under way are not touched.
 */
#ifndef QUEUE_CHANGE_H
#define QUEUE_CHANGE_H

#include "queue/mail.h"

struct target {
	struct view transport, destination, address;
};

struct change {
	uint32_t rcpt;		/* gets this target; if new: is like this one */
	bool new;		/* one more recipient */
	bool expanded;		/* it is an alias, of which to tell */
	uint8_t notify;
	struct target to;	/* may point into the mail */
};

/* Do all of these; m, which is QUEUED, is gone then, and the one that is returned
 * takes its place. A recipient that was READY is in the line of its new way, and
 * what is due has been woken up. Durable with the next batch. */
struct mail *change_mail(struct mail *m, const struct change *c, size_t n);

#endif
