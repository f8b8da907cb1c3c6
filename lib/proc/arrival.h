/* SPDX-License-Identifier: ISC */
/*
 * arrival - who the client of a session is, and whether it may come in
 *
 * The address is the socket's, or what a proxy in proxy_clients says: by the
 * PROXY protocol before everything else, or later by a command (XCLIENT).
 * Limits and logs go by that address. Clients on UNIX sockets count nowhere.
 */
#ifndef PROC_ARRIVAL_H
#define PROC_ARRIVAL_H

#include "lib/proc/service.h"

/* Fill in client, port and uid from s->address and the socket. */
void arrival_name(struct session *s, int fd);
/* Count the session; false, and a line in the log, when it is one too many. */
bool arrival_count(struct session *s);
/* The log line of one for whom there is no room. */
void arrival_refused(const struct session *s);
/* Wait for the preamble of a listener with proxy=yes and count the client that
 * it names. False, and a line in the log: close, after the busy text when
 * *busy. */
bool arrival_proxy(struct session *s, bool *busy);

#endif
