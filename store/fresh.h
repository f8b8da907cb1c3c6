/* SPDX-License-Identifier: ISC */
/*
 * fresh - delivered messages whose content may not be on disk yet
 *
 * queue answers for the content of small mails with its journal and syncs the
 * files some seconds later (doc/QUEUE.md). A delivered message is a hard link
 * to such a file: its name and its row are durable when store says so, its
 * octets only when queue has forgotten the mail. Two things follow. A copy must
 * not outlive its source's octets: they are synced first. And when queue asks
 * to deliver again, after power was lost, the file is compared with the spool's,
 * which queue has made whole from its journal.
 */
#ifndef STORE_FRESH_H
#define STORE_FRESH_H

#include "lib/mail/numset.h"
#include "store/mailbox.h"

/* Sync the content of those in the set that may need it. From a fiber; may
 * wait, so the records may have changed after it. */
bool fresh_sync(struct mailbox *mb, const struct numset *uids, struct why *w);

/* Power was lost after this was delivered, and queue has not delivered it again
 * yet: nobody should see it as it is. fd: the message. */
bool fresh_is_broken(const struct entry *e, int fd);

/* Where a delivery came from, and the UID that it got. */
struct spool_source {
	int dir;
	const char *name;	/* below dir */
	uint64_t mail;
	uint32_t rcpt, uid;
};
/* See that the delivered message has the octets of its spool file, replace it
 * if not. True, too, when the user has removed it since. From a fiber. */
bool fresh_mend(struct mailbox *mb, const struct spool_source *s,
    struct why *w);

#endif
