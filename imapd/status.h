/* SPDX-License-Identifier: ISC */
/*
 * status - the items of STATUS, read and written, for STATUS, LIST and NOTIFY
 *
 * One table has them all: add a row where an item is a number or an id that
 * store tells in mailbox_state.
 */
#ifndef IMAPD_STATUS_H
#define IMAPD_STATUS_H

#include "imapd/imap.h"
#include "lib/proc/message.h"

/* Items of a response, as bits, in the order of the table. */
enum {
	STATUS_MESSAGES = 1, STATUS_RECENT = 2, STATUS_UIDNEXT = 4,
	STATUS_UIDVALIDITY = 8, STATUS_UNSEEN = 16, STATUS_DELETED = 32,
	STATUS_SIZE = 64, STATUS_DELETED_STORAGE = 128,
	STATUS_APPENDLIMIT = 256, STATUS_HIGHESTMODSEQ = 512,
	STATUS_MAILBOXID = 1024
};

/* "(MESSAGES UNSEEN)": bits of the table. */
unsigned status_parse(struct parse *p);
/* What asking for them enables (RFC 7162 3.1). */
void status_enable(struct imap *im, unsigned wanted);
/* "* STATUS name (...)" */
void status_put(struct imap *im, struct view name,
    const struct msg_mailbox_state *s, unsigned wanted);
/* The same, of what store says. False with w: there is no response. */
bool status_tell(struct imap *im, struct view name, unsigned wanted,
    struct why *w);

#endif
