/* SPDX-License-Identifier: ISC */
/*
 * tree - the mailboxes of a user in the order of their hierarchy
 *
 * Sorted so that children follow their parent, with the parents that only exist
 * because they have children; INBOX is always there.
 */
#ifndef IMAPD_TREE_H
#define IMAPD_TREE_H

#include "lib/base/arena.h"
#include "lib/base/view.h"

struct tree_node {
	struct view name;	/* UTF-8, levels divided by '/' */
	bool exists;
	bool subscribed;
	bool children;		/* that exist */
	bool below;		/* subscribed ones below it */
	bool data;		/* it may have METADATA */
	uint32_t uses;		/* enum use */
	bool selected;		/* the caller's: what it is looking for */
	bool selected_below;	/* see tree_mark_selected */
};

struct tree {
	struct tree_node *node;
	size_t n;
};

/* From the list of a mailboxes message: name, letters, name, ... The views of
 * the tree point into the list and the arena. */
struct tree tree_make(struct view list, struct arena *a);

/* Tell the parents of each node that is selected. */
void tree_mark_selected(struct tree *t, struct arena *a);

/* Does a name match a pattern of LIST: '*' any octets, '%' any but '/'? Time is
 * bounded by the product of the lengths. */
bool tree_match(struct view pattern, struct view name);

#endif
