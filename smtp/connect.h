/* SPDX-License-Identifier: ISC */
/*
 * connect - a connected socket to a server
 */
#ifndef SMTP_CONNECT_H
#define SMTP_CONNECT_H

#include "smtp/client.h"

/* Connect c->stream to the address, from hop.source or one of source_addresses
 * in turn. Waits up to connect_timeout. False with the outcome. */
bool connect_address(struct stream *s, const struct client_target *t,
    const char *host, struct outcome *o);
/* The same to a UNIX socket, whose path is the host of the hop. */
bool connect_unix(struct stream *s, const struct client_target *t,
    struct outcome *o);

#endif
