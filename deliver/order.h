/* SPDX-License-Identifier: ISC */
/*
 * order - what local wants delivered
 *
 * It may be in wrong hands: every field is checked for its form here, and the
 * target is believed only when deliver/source.h has found it.
 */
#ifndef DELIVER_ORDER_H
#define DELIVER_ORDER_H

#include "lib/base/str.h"

#define ORDER_FIELDS	9

struct order {
	uint64_t mail;		/* id */
	uint32_t rcpt;		/* number in the mail */
	bool again;		/* it may have been delivered already */
	uint32_t skip;		/* octets of content that are Return-Path */
	int64_t arrival;	/* seconds since 1970 */
	struct view sender;	/* empty: <> */
	struct view original;	/* address as the client gave it */
	struct view address;	/* the alias's, with a detail perhaps */
	struct view target;	/* as router or deliver/forward.h has it */
	/* within target: */
	struct view user;	/* of the system; empty: an alias's */
	/* "|command", "/file" or "/directory/"; of a user also "!address", "\\":
	 * his mailbox, or "": whatever he wants. Ends where target ends. */
	struct view item;
};

/* Take it from texts in the order of the struct; the views point into them.
 * False: that is no order. */
bool order_take(struct order *o, const char *const field[ORDER_FIELDS]);

#endif
