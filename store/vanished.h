/* SPDX-License-Identifier: ISC */
/*
 * vanished - what went, and with which change (RFC 7162 3.2)
 *
 * A client that was away asks what has gone meanwhile. A row for each change
 * that removed messages has the answer; the oldest half of them is forgotten
 * when there are too many, and header.vanished_from says so. It is a help, not
 * the truth: where it does not reach, whoever asks has the UIDs that are left.
 */
#ifndef STORE_VANISHED_H
#define STORE_VANISHED_H

#include "store/link.h"

#define VANISHED_ROWS_MAX 4096	/* of one mailbox */

/* These (ascending) go with the change mb->h.modseq. Changes the header; its
 * row is the caller's to write, with mailbox_touch(). */
void vanished_note(struct mailbox *mb, const uint32_t *uids, size_t n);

/* MSG_mailbox_vanished. */
bool vanished_request(struct request *r, struct why *w);

#endif
