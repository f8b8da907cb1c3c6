/* SPDX-License-Identifier: ISC */
/*
 * way - the line of the routes file that an address follows, or the DNS
 *
 * Order of precedence: the recipient's address, first with its detail and then
 * without; its domain; the domains above, nearest first; the sender's address,
 * its domain; the default. Without any line mail goes by the MX records of the
 * recipient's domain, or to the address in its brackets.
 */
#ifndef ROUTER_WAY_H
#define ROUTER_WAY_H

#include "lib/base/arena.h"
#include "lib/mail/address.h"
#include "router/tables.h"

struct way {
	struct view hop;	/* lib/mail/hop.h */
	struct view line;	/* its number and pattern; "": no line */
};

enum way_found { WAY_NONE, WAY_FOUND, WAY_REFUSED };

/* WAY_FOUND, or WAY_REFUSED with why: NEVER or LATER. What way gets lives in
 * the arena; its line is set whenever there was one. */
enum way_found way_find(const struct tables *t, const struct address *a,
    struct view sender, struct arena *arena, struct way *way,
    struct why *w);
/* The same for an address in a domain of ours, about which only a line for just
 * this address has a say; WAY_NONE: there is none. */
enum way_found way_find_ours(const struct tables *t, const struct address *a,
    struct arena *arena, struct way *way, struct why *w);

/* Is the address, with its detail or without, or all of its domain in the list
 * of relay_recipients? */
enum kv_result way_recipient(const struct tables *t, const struct address *a);

#endif
