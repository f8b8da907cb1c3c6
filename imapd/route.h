/* SPDX-License-Identifier: ISC */
/*
 * route - which store a question goes to
 *
 * The user's own mailboxes are all with one store, which auth has told of this
 * session. Mailboxes of other users may be with others: the first time that one
 * is asked there, the user's store vouches for the session.
 */
#ifndef IMAPD_ROUTE_H
#define IMAPD_ROUTE_H

#include "imapd/imap.h"

/* The store that has the mailbox that the user calls so; may wait. NULL with
 * LATER when it cannot be reached. */
struct channel *route_name(struct imap *im, struct view name, struct why *w);
/* The one for this question. */
struct channel *route_message(struct imap *im, const struct message *m,
    struct why *w);
/* The session is over: the other stores that know it are told. */
void route_leave(struct imap *im);

#endif
