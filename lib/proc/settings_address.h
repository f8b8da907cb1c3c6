/* SPDX-License-Identifier: ISC */
/*
 * settings_address - where a listener listens, as a socket address
 *
 * "127.0.0.1:25", "[::]:25", "*:25" or "unix:/path". Numbers only: a name server
 * must not decide where this host listens.
 */
#ifndef PROC_SETTINGS_ADDRESS_H
#define PROC_SETTINGS_ADDRESS_H

#include <sys/socket.h>

#include "lib/base/base.h"

/* "*" is every address of the host, IPv6 and IPv4: it is in *to as [::]. */
static inline bool
settings_address_any(const char *text)
{
	return text[0] == '*';
}

/* NULL when fine, else a sentence that begins behind "address": "must ...". */
const char *settings_address(const char *text, struct sockaddr_storage *to,
    socklen_t *length);

#endif
