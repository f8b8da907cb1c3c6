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

/* The message with this UID was delivered from spool file from below
 * content_dir: see that it has the same octets, replace it if not. True, too,
 * when the user has removed it since. From a fiber. */
bool fresh_mend(struct mailbox *mb, uint32_t uid, int content_dir,
    const char *from, struct why *w);

#endif
