/* SPDX-License-Identifier: ISC */
/*
 * sessions - accepting connections in a session program; used by service.c
 *
 * Each listening socket has a fiber that accepts while there is room; each
 * connection has a fiber that runs the program's session function.
 */
#ifndef PROC_SESSIONS_H
#define PROC_SESSIONS_H

#include "lib/proc/service.h"

/* Take a listening socket that master handed over. */
void sessions_listen(const struct program *p, struct view name, int fd);
/* The program is confined: accept, now and on sockets that come later. */
void sessions_begin(void);
/* Close the listeners that the settings do not name any more. */
void sessions_prune(void);
/* Accept nothing new. */
void sessions_stop(void);
/* Cancel the fibers of all sessions. */
void sessions_cancel(void);
/* The process may open so many; before the first session. */
void sessions_descriptors(uint64_t n);
size_t sessions_count(void);
/* Does a listener turn clients away to another process now? */
bool sessions_full(void);
/* Called when count or fullness changes. */
void sessions_notify(void (*fn)(void));

/* One set of settings and who still uses it (service.c). */
void settings_use(const struct settings *s);
void settings_unuse(const struct settings *s);

#endif
