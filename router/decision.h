/* SPDX-License-Identifier: ISC */
/*
 * decision - what is decided about an address: a verdict, and where it goes
 *
 * { 0 } is ready to use; one decision serves many questions in turn.
 */
#ifndef ROUTER_DECISION_H
#define ROUTER_DECISION_H

#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/mail/address.h"
#include "router/way.h"

#define DECISION_TARGETS_MAX 1000	  /* of one address */
#define DECISION_LIST_MAX    (200 * 1024) /* octets of their lists */
#define DECISION_REFUSALS_MAX 4096	  /* octets that are kept */

struct members;

struct decision {
	struct why why;		/* DONE: the targets count */
	size_t count;
	struct str targets;	/* list: transport, destination, address each */
	/* lists: of each target the line of the routes that decided, "" if none
	 * did; lines that refused others */
	struct str lines, refusals;
	bool dangling;		/* some alias leads to an unknown name */
	/* A list has been asked for: its targets are put here instead, and there
	 * may be more of them. The caller's. */
	struct members *members;
	struct str owner;	/* address of the list's owner, if it has one */
};

void decision_clear(struct decision *d);
void decision_free(struct decision *d);
/* Put a target in: a mailbox, a command or file, or a way to another host. What is
 * there already is not put in twice: the same target twice would be the same
 * mail twice. False when it is full. */
bool decision_add_user(struct decision *d, struct view user,
    const struct address *a);
/* A command or a file, as aliases.h has it, of an alias found as this address. */
bool decision_add_target(struct decision *d, struct view target,
    const struct address *as);
/* A user of the system, or just his mailbox, whatever his .forward says. */
bool decision_add_system(struct decision *d, struct view user, bool mailbox,
    const struct address *a);
bool decision_add_way(struct decision *d, const struct way *way,
    const struct address *a);
/* A list that is opened when the mail goes to its members, by its address. */
bool decision_add_list(struct decision *d, const struct address *a);
/* A line of the routes that has refused a target. */
void decision_add_refusal(struct decision *d, const struct way *way);

#endif
