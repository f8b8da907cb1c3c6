/* SPDX-License-Identifier: ISC */
/*
 * thread_references - the algorithm of RFC 5256, which is Jamie Zawinski's
 *
 * The steps have the numbers of the RFC. Tables from texts to nodes are hashed
 * with a number that no sender knows.
 */
#include <stdlib.h>

#include "imapd/sort.h"
#include "imapd/thread_references.h"
#include "lib/mail/header.h"

#define NODES_TURN 1024	/* then it is the others' turn */

static void
breathe(uint32_t i)
{
	if (i % NODES_TURN == NODES_TURN - 1)
		give_way();
}

/* ---- a table from texts to nodes ---- */

struct names {
	struct { struct view name; uint32_t node; } *slot;
	uint32_t size;		/* a power of two */
	uint64_t seed;
};

static void
names_begin(struct names *t, size_t most)
{
	*t = (struct names){ .size = 64 };
	while (t->size < 2 * most)
		t->size *= 2;
	t->slot = xcalloc(t->size, sizeof(*t->slot));
	arc4random_buf(&t->seed, sizeof(t->seed));
}

/* Where the name stands, or would stand: then its name.p is NULL. */
static uint32_t
names_find(const struct names *t, struct view name)
{
	uint64_t h = 14695981039346656037u ^ t->seed;
	uint32_t i;

	for (size_t k = 0; k < name.n; k++)
		h = (h ^ (unsigned char)name.p[k]) * 1099511628211u;
	for (i = (uint32_t)(h ^ h >> 32) & (t->size - 1);
	     t->slot[i].name.p != NULL && !view_eq(t->slot[i].name, name);
	     i = (i + 1) & (t->size - 1))
		continue;
	return i;
}

/* ---- reading ---- */

/* The next "<...>" of a field. */
static bool
next_id(struct view *rest, struct view *id)
{
	size_t open = view_find(*rest, '<'), close;

	if (open >= rest->n)
		return false;
	*rest = view_skip(*rest, open + 1);
	close = view_find(*rest, '>');
	if (close >= rest->n)
		return false;
	*id = view_trim((struct view){ rest->p, close });
	*rest = view_skip(*rest, close + 1);
	return true;
}

static uint32_t
count_ids(struct view field)
{
	struct view id;
	uint32_t n = 0;

	while (next_id(&field, &id))
		n++;
	return n;
}

void
thread_read(struct thread_message *m, struct view header, uint32_t most,
    struct arena *a)
{
	struct view field, id;
	uint32_t n = 0, skip;

	if (header_find(header, "Message-ID", &field) && next_id(&field, &id))
		m->id = arena_view(a, id);
	if (header_find(header, "References", &field))
		n = count_ids(field);
	if (n == 0 && header_find(header, "In-Reply-To", &field))
		n = count_ids(field) > 0;
	skip = n > most ? n - most : 0;
	m->reference = arena_alloc(a, (n - skip + 1) * sizeof(*m->reference));
	for (uint32_t i = 0; i < n && next_id(&field, &id); i++)
		if (i >= skip)
			m->reference[m->references++] = arena_view(a, id);
}

/* ---- 1: parents ---- */

struct linking {
	struct forest *f;
	struct names ids;
};

static uint32_t
node_of(struct linking *l, struct view id)
{
	uint32_t i = names_find(&l->ids, id);

	if (l->ids.slot[i].name.p == NULL) {
		l->ids.slot[i].name = id;
		l->ids.slot[i].node = forest_add(l->f, NO_NODE);
	}
	return l->ids.slot[i].node;
}

/* The node of a message; one of its own if another has the same Message-ID. */
static uint32_t
node_for(struct linking *l, const struct thread_message *m, uint32_t message)
{
	uint32_t node = m->id.p != NULL ? node_of(l, m->id) : NO_NODE;

	if (node == NO_NODE || l->f->node[node].message != NO_NODE)
		return forest_add(l->f, message);
	l->f->node[node].message = message;
	return node;
}

static void
link_one(struct linking *l, const struct thread_message *m, uint32_t message)
{
	struct forest *f = l->f;
	uint32_t above = NO_NODE, node;

	for (uint32_t i = 0; i < m->references; i++) {
		uint32_t next = node_of(l, m->reference[i]);

		if (above != NO_NODE && f->node[next].parent == NO_NODE &&
		    !forest_is_below(f, above, next))
			forest_put(f, next, above);
		above = next;
	}
	node = node_for(l, m, message);
	if (above == NO_NODE || forest_is_below(f, above, node))
		return;
	/* its own word counts for more than that of others */
	if (f->node[node].parent != NO_NODE)
		forest_take(f, node);
	forest_put(f, node, above);
}

static void
link_all(struct forest *f, const struct thread_message *m, uint32_t n)
{
	struct linking l = { .f = f };
	size_t ids = n;

	for (uint32_t i = 0; i < n; i++)
		ids += m[i].references;
	names_begin(&l.ids, ids);
	for (uint32_t i = 0; i < n; i++) {
		link_one(&l, &m[i], i);
		breathe(i);
	}
	free(l.ids.slot);
	/* 2: all without a parent are below the root */
	for (uint32_t i = 1; i < f->n; i++) {
		if (f->node[i].parent == NO_NODE)
			forest_put(f, i, 0);
		breathe(i);
	}
}

/* ---- 3: dummies that hold nothing together ---- */

static void
prune_one(struct forest *f, uint32_t node)
{
	const struct node *n = &f->node[node];

	if (n->message != NO_NODE ||
	    (n->parent == 0 && n->child != n->last))
		return;
	forest_give(f, node, n->parent);
	forest_take(f, node);
}

static void
prune(struct forest *f)
{
	uint32_t *order = xmalloc(f->n * sizeof(*order)), n = 0;

	for (uint32_t i = forest_next(f, 0); i != NO_NODE;
	     i = forest_next(f, i))
		order[n++] = i;
	while (n > 0) {
		prune_one(f, order[--n]);
		breathe(n);
	}
	free(order);
}

/* ---- 4, 6: order ---- */

struct ordering {
	const struct forest *f;
	const struct thread_message *m;
};

/* The message that stands for a node. */
static uint32_t
speaker(const struct forest *f, uint32_t node)
{
	if (f->node[node].message == NO_NODE)
		node = f->node[node].child;
	return f->node[node].message;
}

static bool
sent_before(const void *a, const void *b, const void *arg)
{
	const struct ordering *o = arg;
	uint32_t x = speaker(o->f, *(const uint32_t *)a);
	uint32_t y = speaker(o->f, *(const uint32_t *)b);

	if (o->m[x].sent != o->m[y].sent)
		return o->m[x].sent < o->m[y].sent;
	return x < y;
}

/* The children of a node in an array, which is the caller's. */
static uint32_t *
children(const struct forest *f, uint32_t node, uint32_t *n)
{
	uint32_t *list, at = f->node[node].child;

	for (*n = 0; at != NO_NODE; at = f->node[at].next)
		++*n;
	list = xmalloc((*n + 1) * sizeof(*list));
	at = f->node[node].child;
	for (uint32_t i = 0; i < *n; i++, at = f->node[at].next)
		list[i] = at;
	return list;
}

static void
order_children(struct forest *f, uint32_t node, const struct ordering *o)
{
	uint32_t n, *list;

	if (f->node[node].child == f->node[node].last)
		return;
	list = children(f, node, &n);
	sort_slowly(list, n, sizeof(*list), sent_before, o);
	for (uint32_t i = 0; i < n; i++) {
		forest_take(f, list[i]);
		forest_put(f, list[i], node);
		breathe(i);
	}
	free(list);
}

void
thread_order(struct forest *f, const struct thread_message *m)
{
	struct ordering o = { f, m };

	/* dummies are below the root alone, so their children come first */
	for (uint32_t i = 1; i < f->n; i++) {
		if (f->node[i].parent != NO_NODE)
			order_children(f, i, &o);
		breathe(i);
	}
	order_children(f, 0, &o);
}

/* ---- 5: conversations with one subject ---- */

struct gathering {
	struct forest *f;
	const struct thread_message *m;
	struct names subjects;
};

static bool
is_dummy(const struct forest *f, uint32_t node)
{
	return f->node[node].message == NO_NODE;
}

static bool
is_reply(const struct gathering *g, uint32_t node)
{
	return g->m[speaker(g->f, node)].reply;
}

static struct view
subject_of(const struct gathering *g, uint32_t node)
{
	return g->m[speaker(g->f, node)].subject;
}

static void
note_subject(struct gathering *g, uint32_t node)
{
	struct view subject = subject_of(g, node);
	uint32_t i, old;

	if (subject.n == 0)
		return;
	i = names_find(&g->subjects, subject);
	old = g->subjects.slot[i].node;
	if (g->subjects.slot[i].name.p == NULL ||
	    (is_dummy(g->f, node) && !is_dummy(g->f, old)) ||
	    (is_reply(g, old) && !is_reply(g, node))) {
		g->subjects.slot[i].name = subject;
		g->subjects.slot[i].node = node;
	}
}

/* No dummy is below anything but the root: its children go there in its place. */
static void
hang(struct forest *f, uint32_t node, uint32_t parent)
{
	if (is_dummy(f, node))
		forest_give(f, node, parent);
	else
		forest_put(f, node, parent);
}

static void
join(struct gathering *g, uint32_t node, uint32_t *with)
{
	struct forest *f = g->f;
	uint32_t both;

	forest_take(f, node);
	if (is_dummy(f, *with) ||
	    (is_reply(g, node) && !is_reply(g, *with))) {
		hang(f, node, *with);
	} else {
		both = forest_add(f, NO_NODE);
		forest_put(f, both, 0);
		forest_take(f, *with);
		forest_put(f, *with, both);
		hang(f, node, both);
		*with = both;
	}
}

static void
gather_subjects(struct forest *f, const struct thread_message *m)
{
	struct gathering g = { .f = f, .m = m };
	uint32_t n, *roots = children(f, 0, &n);

	names_begin(&g.subjects, n);
	for (uint32_t i = 0; i < n; i++) {
		note_subject(&g, roots[i]);
		breathe(i);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct view subject = subject_of(&g, roots[i]);
		uint32_t k;

		breathe(i);
		if (subject.n == 0)
			continue;
		k = names_find(&g.subjects, subject);
		if (g.subjects.slot[k].node != roots[i] &&
		    f->node[roots[i]].parent == 0)
			join(&g, roots[i], &g.subjects.slot[k].node);
	}
	free(g.subjects.slot);
	free(roots);
}

void
thread_references(struct forest *f, const struct thread_message *m, uint32_t n)
{
	link_all(f, m, n);
	prune(f);
	thread_order(f, m);
	gather_subjects(f, m);
}
