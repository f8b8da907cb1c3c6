/* SPDX-License-Identifier: ISC */
/*
 * login - from a name and a password to a session with mailboxes
 */
#ifndef IMAPD_LOGIN_H
#define IMAPD_LOGIN_H

#include "imapd/imap.h"

/* Ask auth. */
enum answer login_try(struct imap *im, struct view user, struct view password);
/* auth has said yes: the session has mailboxes, or it stays outside. */
enum answer login_enter(struct imap *im, struct view user, uint32_t store);

#endif
