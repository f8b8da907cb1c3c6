/* SPDX-License-Identifier: ISC */
/*
 * decide - where does an address go
 *
 * One pure function over tables: no files, no clock, no messages. Order of
 * precedence for a local address, each first with the detail and then without:
 * a route for just this address, alias, table of aliases, user, user of the
 * system; then postmaster, then catch_all.
 * Mail for other hosts is refused unless the client may relay, or the domain is
 * one that we relay to; what an alias says about them is the administrator's
 * word and stands.
 */
#ifndef ROUTER_DECIDE_H
#define ROUTER_DECIDE_H

#include "router/decision.h"
#include "router/steps.h"

#define DECIDE_DEPTH_MAX   20		/* aliases that lead to aliases */
#define DECIDE_STEPS_MAX   10000	/* names looked at in all */
#define DECIDE_LIST_STEPS_MAX 400000	/* the same for members of a list */

/* Addresses have no brackets. */
struct inquiry {
	struct view recipient, sender;
	bool trusted;	/* the client may relay */
	bool taken;	/* in the queue already: relay_recipients had its say */
	bool members;	/* who is on it, if it is a list with an owner */
	/* Told how it was decided, unless NULL; and what permits to relay. */
	struct steps *steps;
	const char *permit;
};

/* The arena is reset by the caller. True when DONE. */
bool decide(const struct tables *t, const struct inquiry *q,
    struct arena *a, struct decision *d);
/* The same of an address in one of our domains that is a user or an alias: not
 * what postmaster or catch_all stand in for. NEVER 1.1 without a sentence. */
bool decide_known(const struct tables *t, const struct address *address,
    struct arena *a, struct decision *d);

#endif
