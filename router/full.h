/* SPDX-License-Identifier: ISC */
/*
 * full - users whose mailboxes are full, as the stores say
 *
 * So that mail for them is refused at RCPT already. What is here may be a moment
 * old: a store looks itself before it delivers. A store that is gone is believed
 * until another one takes its place and names its full users anew.
 */
#ifndef ROUTER_FULL_H
#define ROUTER_FULL_H

#include "lib/base/view.h"

/* What a store says: list of users (list_put). whole: it takes back what it said
 * before; full: they are, or are no longer. */
void full_take(uint32_t store, bool whole, bool full, struct view users);
bool full_has(struct view user);
/* Are all of these targets (as in routed) full mailboxes? False for none. */
bool full_all(struct view targets);

#endif
