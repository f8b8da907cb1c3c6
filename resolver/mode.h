/* SPDX-License-Identifier: ISC */
/*
 * mode - who answers for us, and whether it can be believed
 *
 * The setting dnssec: validate (libunbound does), trust (a server on this host
 * says so), off, or auto: the first of these that works with the name servers
 * there are. auto is tried at the start and at every reload, and again while no
 * server answers at all; until it is known, nobody may ask.
 */
#ifndef RESOLVER_MODE_H
#define RESOLVER_MODE_H

#include "resolver/engine.h"

/* Before confinement: all that needs files. */
void mode_prepare(void);
/* known is called when mode_known() has become true. */
void mode_begin(void (*known)(void));
/* With the settings of now: new servers, new cache, a new try. */
void mode_changed(void);
bool mode_known(void);
/* There is a name server. */
bool mode_able(void);
/* Only while mode_known() and mode_able(). */
void mode_ask(const struct question *q, int64_t deadline, answered *fn,
    void *arg);

#endif
