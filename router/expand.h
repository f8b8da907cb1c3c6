/* SPDX-License-Identifier: ISC */
/*
 * expand - what VRFY and EXPN are told (RFC 5321 3.5)
 */
#ifndef ROUTER_EXPAND_H
#define ROUTER_EXPAND_H

#include "router/decide.h"

/* Who is name, an address or a user or alias of this host; list: who are the
 * members of the list of that name. Addresses without brackets go to out, as
 * a list. False, with d->why: NEVER 1.1 nobody, 1.4 several, 2.4 no list;
 * DONE 1.5 with false: an address of another host, about which nothing is known
 * (SMTP's 252). d is as for decide(). */
bool expand(const struct tables *t, struct view name, bool list,
    struct arena *a, struct decision *d, struct str *out);

#endif
