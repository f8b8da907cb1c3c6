/* SPDX-License-Identifier: ISC */
/*
 * forest - links between nodes
 */
#include <stdlib.h>

#include "imapd/forest.h"

void
forest_begin(struct forest *f)
{
	*f = (struct forest){ 0 };
	forest_add(f, NO_NODE);
}

void
forest_free(struct forest *f)
{
	free(f->node);
	*f = (struct forest){ 0 };
}

uint32_t
forest_add(struct forest *f, uint32_t message)
{
	f->node = xgrow(f->node, f->n, &f->size, sizeof(*f->node));
	f->node[f->n] = (struct node){ NO_NODE, NO_NODE, NO_NODE, NO_NODE,
		NO_NODE, message };
	return f->n++;
}

bool
forest_is_below(const struct forest *f, uint32_t node, uint32_t above)
{
	for (unsigned up = 0; up < FOREST_DEPTH_MAX; up++) {
		if (node == above)
			return true;
		if (node == NO_NODE)
			return false;
		node = f->node[node].parent;
	}
	return true;
}

void
forest_put(struct forest *f, uint32_t node, uint32_t parent)
{
	struct node *p = &f->node[parent];

	must(f->node[node].parent == NO_NODE && node != 0);
	f->node[node].parent = parent;
	f->node[node].next = NO_NODE;
	f->node[node].prev = p->last;
	if (p->child == NO_NODE)
		p->child = node;
	else
		f->node[p->last].next = node;
	p->last = node;
}

void
forest_take(struct forest *f, uint32_t node)
{
	struct node *n = &f->node[node], *p = &f->node[n->parent];

	if (n->prev == NO_NODE)
		p->child = n->next;
	else
		f->node[n->prev].next = n->next;
	if (n->next == NO_NODE)
		p->last = n->prev;
	else
		f->node[n->next].prev = n->prev;
	n->parent = n->next = n->prev = NO_NODE;
}

void
forest_give(struct forest *f, uint32_t from, uint32_t to)
{
	uint32_t child = f->node[from].child;

	f->node[from].child = f->node[from].last = NO_NODE;
	while (child != NO_NODE) {
		uint32_t next = f->node[child].next;

		f->node[child].parent = NO_NODE;
		forest_put(f, child, to);
		child = next;
	}
}

uint32_t
forest_next(const struct forest *f, uint32_t node)
{
	if (f->node[node].child != NO_NODE)
		return f->node[node].child;
	while (node != 0 && f->node[node].next == NO_NODE)
		node = f->node[node].parent;
	return node == 0 ? NO_NODE : f->node[node].next;
}
