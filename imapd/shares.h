/* SPDX-License-Identifier: ISC */
/*
 * shares - other users' mailboxes, for LIST
 */
#ifndef IMAPD_SHARES_H
#define IMAPD_SHARES_H

#include "imapd/imap.h"

/* Can a pattern match a name of another user's mailbox, or of a level above? */
bool shares_match(struct view pattern);
/* Append what the user may look up as name, letters, as in a mailboxes message.
 * False with the reason. */
bool shares_add(struct imap *im, struct str *names, struct why *w);

#endif
