/* SPDX-License-Identifier: ISC */
/*
 * decide - where does an address go
 *
 * One pure function over tables: no files, no clock, no messages. Order of
 * precedence for a local address, each first with the detail and then without:
 * alias, user; then postmaster, then catch_all. Mail for other hosts is refused
 * unless the client may relay; what an alias says about them is the
 * administrator's word and stands.
 */
#ifndef ROUTER_DECIDE_H
#define ROUTER_DECIDE_H

#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/mail/address.h"
#include "router/tables.h"

#define DECIDE_TARGETS_MAX 1000		/* of one address */
#define DECIDE_LIST_MAX	   (200 * 1024)	/* octets of their list */
#define DECIDE_DEPTH_MAX   20		/* aliases that lead to aliases */
#define DECIDE_STEPS_MAX   10000	/* names looked at in all */

struct decision {
	struct why why;		/* DONE: the targets count */
	size_t count;
	struct str targets;	/* list: transport, destination, address each */
	bool dangling;		/* some alias leads to an unknown name */
};

/* recipient without brackets; trusted: the client may relay. d is set to { 0 }
 * or used before; the arena is reset by the caller. True when DONE. */
bool decide(const struct tables *t, struct view recipient, bool trusted,
    struct arena *a, struct decision *d);
/* The same of an address in one of our domains that is a user or an alias: not
 * what postmaster or catch_all stand in for. NEVER 1.1 without a sentence. */
bool decide_known(const struct tables *t, const struct address *address,
    struct arena *a, struct decision *d);

#endif
