/* SPDX-License-Identifier: ISC */
/*
 * sockets - the listening sockets of the house
 *
 * master opens them and never accepts from them (its own control socket is in
 * control.c). A socket belongs to an address: when settings change, sockets of
 * addresses that stay are kept, so that no connection is lost.
 */
#ifndef MASTER_SOCKETS_H
#define MASTER_SOCKETS_H

#include "lib/proc/settings.h"

/* Open what these settings ask for beyond what is open. All or nothing: false
 * with a sentence, and nothing has changed. */
bool sockets_open(const struct settings *s, struct str *error);
/* Close what these settings do not ask for any more. */
void sockets_prune(const struct settings *s);
/* The socket of an address; owned by this module. */
int socket_of(const char *address);
/* A listening UNIX socket in place of one that was left over. */
int socket_unix(const char *path, unsigned mode, struct str *error);
/* All of them, and the names in the file system. */
void sockets_close(void);

#endif
