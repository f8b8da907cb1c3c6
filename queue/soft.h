/* SPDX-License-Identifier: ISC */
/*
 * soft - mails whose content stands in the journal, but not safely in its file
 *
 * A small mail is acknowledged when the journal has its envelope and content;
 * its file was written, not synced. Some moments later one sync of the file
 * system makes all such files hard. Until then a mail is soft: it may be tried
 * and even delivered, as a hard link to the same octets, but no DONE is noted
 * and the mail is not finished, so that after a loss of power a start restores
 * the content from the journal and delivers again.
 */
#ifndef QUEUE_SOFT_H
#define QUEUE_SOFT_H

#include "lib/base/base.h"

/* This mail of the ledger is soft. */
void soft_add(uint64_t mail);
bool soft_is_empty(void);
/* Do not wait for more. */
void soft_hurry(void);

#endif
