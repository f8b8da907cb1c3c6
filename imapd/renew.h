/* SPDX-License-Identifier: ISC */
/*
 * renew - give back the records that a session has to itself
 *
 * A record that changes costs the session its page of the map that is common to
 * all (imapd/box.h). Where so many have changed that half of the map may be its own,
 * the mailbox is opened once more, and what the client knows goes over to the new
 * map. So who changes a million flags does not leave a copy of the index with
 * every session that has the mailbox selected.
 */
#ifndef IMAPD_RENEW_H
#define IMAPD_RENEW_H

#include "imapd/box.h"
#include "imapd/imap.h"

#define RENEW_AFTER 16384	/* changed records; fewer are not worth it */

/* From the session's fiber, between commands or in IDLE. Waits for store only
 * when there is enough to win; what cannot be renewed stays as it is. */
void box_renew(struct imap *im);

/* The client knows of `to` what it knows of `from`, with the same numbers, and is
 * still to be told what is new in it. False, nothing changed: it cannot be so, as
 * messages of one are not in the other. */
bool box_carry(const struct box *from, struct box *to);

#endif
