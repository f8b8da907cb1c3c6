/* SPDX-License-Identifier: ISC */
/*
 * soft - mails of which something is not safely on the disk yet
 *
 * A small mail is acknowledged when the journal has its envelope and content;
 * its file was written, not synced, or there is none yet (kept.h). And a mail that
 * was delivered to a mailbox has a name there that was not synced, nor were its
 * octets. Some moments later one sync of the file system makes all such files
 * and names hard; what has no file and still waits gets it just before. Until then a mail is soft: it may be tried and delivered, but no DONE of
 * a mailbox is noted and the mail is not finished, so that after a loss of power
 * a start restores the content from the journal and delivers again.
 */
#ifndef QUEUE_SOFT_H
#define QUEUE_SOFT_H

#include "queue/mail.h"

/* This mail of the ledger is soft, from now on until a sync that begins later
 * has ended. */
void soft_add(struct mail *m);
bool soft_is_empty(void);
/* Do not wait for more. */
void soft_hurry(void);

#endif
