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

#include "lib/proc/channel.h"
#include "resolver/engine.h"

/* What master says at the start, before mode_prepare(), and at each reload, behind
 * the settings: from then on new servers, a new cache, a new try. Questions that
 * are under way go on. */
void mode_files(struct channel *c, uint32_t tag, struct msg_dns_files *m);
/* Before confinement, so that what is wrong ends the start. */
void mode_prepare(void);
/* known is called when mode_known() has become true. */
void mode_begin(void (*known)(void));
bool mode_known(void);
/* There is a name server. */
bool mode_able(void);
/* Only while mode_known() and mode_able(). */
void mode_ask(const struct question *q, int64_t deadline, answered *fn,
    void *arg);

#endif
