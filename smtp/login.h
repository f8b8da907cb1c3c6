/* SPDX-License-Identifier: ISC */
/*
 * login - who we are to a server that wants to know (RFC 4954)
 *
 * Names and passwords come from the file relay_logins, which master opens and
 * passes on; a hop names the one to use. The strongest mechanism that both sides
 * have is used: SCRAM before a password, bound to the connection where that can
 * be, and with SCRAM the server has to know the password, too.
 */
#ifndef SMTP_LOGIN_H
#define SMTP_LOGIN_H

#include "smtp/client.h"

/* Log in with the name of the hop; c->features.auth has the mechanisms. In clear
 * text only where the hop says tls=none, or on a local socket. True:
 * c->authenticated is set. False with the outcome: this host is of no use (LATER
 * 7.8 for a refusal, so that mail is kept until the administrator has put the
 * password right). Talks by client_command(). */
bool login_do(struct client *c, const struct hop *hop, struct outcome *o);
/* Handler: the file as it is now. */
void login_file(struct channel *master, uint32_t tag,
    struct msg_relay_logins *m);

#endif
