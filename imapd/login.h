/* SPDX-License-Identifier: ISC */
/*
 * login - from a name and a password to a session with mailboxes
 */
#ifndef IMAPD_LOGIN_H
#define IMAPD_LOGIN_H

#include "imapd/imap.h"

/* Are passwords taken on this connection? Without TLS only where the settings
 * allow plain_logins. */
bool login_allowed(const struct imap *im);
/* Ask auth; method is for the log. */
enum answer login_try(struct imap *im, struct view user, struct view password,
    const char *method);
/* The address that the client came to; returns space (64 octets). */
const char *login_local_ip(const struct imap *im, char *space);

#endif
