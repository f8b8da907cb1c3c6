/* SPDX-License-Identifier: ISC */
/*
 * forest - messages with their parents and children
 *
 * Nodes are numbers; a conversation can be as deep as there are messages, so
 * nothing here recurses. A node without a message is a dummy: a message that is
 * referred to, but not there, or one made to hold others together.
 */
#ifndef IMAPD_FOREST_H
#define IMAPD_FOREST_H

#include "lib/base/base.h"
#include "lib/base/view.h"

#define NO_NODE UINT32_MAX

struct node {
	uint32_t parent, child, last;		/* NO_NODE: none */
	uint32_t next, prev;
	uint32_t message;			/* NO_NODE: a dummy */
};

struct forest {
	struct node *node;	/* node 0 is the root of all */
	uint32_t n;
	size_t size;
};

void forest_begin(struct forest *f);
void forest_free(struct forest *f);
/* A node of its own, below nobody yet. */
uint32_t forest_add(struct forest *f, uint32_t message);
/* Is `above` the node, or an ancestor of it? Yes as well where the way up is
 * longer than FOREST_DEPTH_MAX: nothing is to be put there. */
#define FOREST_DEPTH_MAX 2000
bool forest_is_below(const struct forest *f, uint32_t node, uint32_t above);
/* Put below a parent, as its last child; take away from it. A node that is
 * below nobody can be put. */
void forest_put(struct forest *f, uint32_t node, uint32_t parent);
void forest_take(struct forest *f, uint32_t node);
/* Put all children of one node below another. */
void forest_give(struct forest *f, uint32_t from, uint32_t to);
/* The node after this one in the order parents first; NO_NODE at the end.
 * Begin with 0. */
uint32_t forest_next(const struct forest *f, uint32_t node);

#endif
