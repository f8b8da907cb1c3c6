/* SPDX-License-Identifier: ISC */
/*
 * list - a LIST command, read; and what a line of its answer is made of
 *
 * Basic (RFC 3501) or extended (RFC 5258, RFC 9051): with selection options, a
 * list of patterns or return options. Return options that need more than the
 * list of names (STATUS, METADATA) are a table, list_extras.
 */
#ifndef IMAPD_LIST_H
#define IMAPD_LIST_H

#include "imapd/imap.h"
#include "imapd/tree.h"
#include "lib/proc/channel.h"

#define LIST_PATTERNS_MAX 64
#define LIST_BATCH	  200	/* mailboxes that store is asked about at once */

enum list_select {
	SELECT_SUBSCRIBED = 1 << 0,
	SELECT_SPECIAL_USE = 1 << 1,
	SELECT_BASE = SELECT_SUBSCRIBED | SELECT_SPECIAL_USE,
	SELECT_REMOTE = 1 << 2,
	SELECT_RECURSIVE = 1 << 3
};

enum list_return {
	RETURN_SUBSCRIBED = 1 << 0,
	RETURN_CHILDREN = 1 << 1,
	RETURN_SPECIAL_USE = 1 << 2
};

struct list {
	bool extended;
	unsigned select;		/* enum list_select */
	unsigned returns;		/* enum list_return */
	struct view pattern[LIST_PATTERNS_MAX];	/* with the reference */
	size_t patterns;
	bool asks_root;			/* LIST "" "": the separator */
	unsigned extras;		/* bits of list_extras */
	unsigned status;		/* of the STATUS option */
	struct metadata *metadata;	/* of the METADATA option */
};

/* What store said of some mailboxes that are about to be listed. */
struct list_batch {
	const struct tree_node *node[LIST_BATCH];
	size_t n;
	struct reply reply[8];		/* by extra */
	struct view rest[8];		/* what is left of its answer */
};

/* A return option that adds a response behind each LIST response of a mailbox
 * that exists. */
struct list_extra {
	const char *name;
	/* What follows the name; NULL: nothing. */
	void (*parse)(struct list *l, struct parse *p);
	/* Ask store about all of a batch: *reply, and *rest into it. NULL:
	 * nothing to ask. False with the reason. */
	bool (*ask)(struct imap *im, const struct list_batch *b,
	    struct reply *reply, struct view *rest, struct why *w);
	/* Write it for one mailbox; called for each of the batch, in order. */
	bool (*put)(struct imap *im, const struct list *l,
	    const struct tree_node *node, struct view *rest, struct why *w);
};
extern const struct list_extra list_extras[];
extern const size_t list_extras_n;

/* All behind the command's name. */
void list_parse(struct list *l, struct parse *p);
/* The same for LSUB: a reference and a pattern. */
void list_parse_basic(struct list *l, struct parse *p);
bool list_matches(const struct list *l, struct view name);

#endif
