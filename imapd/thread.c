/* SPDX-License-Identifier: ISC */
/*
 * thread - gathering what is known of messages, and writing conversations
 */
#include <stdlib.h>

#include "imapd/headers.h"
#include "imapd/sort.h"
#include "imapd/thread.h"
#include "imapd/thread_references.h"
#include "lib/mail/casemap.h"
#include "lib/mail/header.h"
#include "lib/mail/subject.h"

#define REFERENCES_ALL 1000000	/* then only one of each message */

struct gathering {
	const struct box *box;
	const struct matches *matches;
	enum thread_kind kind;
	struct thread_message *m;
	size_t references;	/* kept so far */
	struct arena arena;
};

/* ---- gathering ---- */

static void
take_subject(struct thread_message *m, struct view header, struct arena *a)
{
	struct str base = { 0 }, folded = { 0 };
	struct view raw;

	if (header_find(header, "Subject", &raw))
		m->reply = subject_base(&base, raw);
	casemap_fold(&folded, str_view(&base));
	m->subject = arena_view(a, str_view(&folded));
	str_free(&base);
	str_free(&folded);
}

static void
take(void *arg, size_t i, struct view header)
{
	struct gathering *g = arg;
	struct thread_message *m = &g->m[i];
	struct record r;

	record_get(box_record(g->box, g->matches->v[i].index), &r);
	m->sent = sort_sent(header, &r);
	if (header.p == NULL)
		return;
	take_subject(m, header, &g->arena);
	if (g->kind != THREAD_REFERENCES)
		return;
	/* whoever sends much can't make us keep much */
	thread_read(m, header, g->references < REFERENCES_ALL ?
		THREAD_REFERENCES_MAX : 1, &g->arena);
	g->references += m->references;
}

/* ---- ORDEREDSUBJECT ---- */

static int
compare_subjects(struct view a, struct view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static bool
subject_before(const void *a, const void *b, const void *arg)
{
	const uint32_t *x = a, *y = b;
	const struct gathering *g = arg;
	int order = compare_subjects(g->m[*x].subject, g->m[*y].subject);

	if (order != 0)
		return order < 0;
	if (g->m[*x].sent != g->m[*y].sent)
		return g->m[*x].sent < g->m[*y].sent;
	return *x < *y;
}

/* The first of each subject, and below it the others. */
static void
ordered_subject(struct forest *f, struct gathering *g)
{
	uint32_t n = (uint32_t)g->matches->n, first = 0;
	uint32_t *order = xmalloc((n + 1) * sizeof(*order));

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	sort_slowly(order, n, sizeof(*order), subject_before, g);
	for (uint32_t i = 0; i < n; i++) {
		bool same = i > 0 && view_eq(g->m[order[i]].subject,
		    g->m[order[i - 1]].subject);
		uint32_t node = forest_add(f, order[i]);

		forest_put(f, node, same ? first : 0);
		if (!same)
			first = node;
		if (i % 1024 == 1023)
			give_way();
	}
	free(order);
}

/* ---- writing ---- */

struct writing {
	struct imap *im;
	const struct forest *f;
	const struct matches *matches;
};

static bool
has_parentheses(const struct forest *f, uint32_t node)
{
	const struct node *parent = &f->node[f->node[node].parent];

	return f->node[node].parent == 0 || parent->child != parent->last;
}

static void
enter(const struct writing *w, uint32_t node)
{
	const struct forest *f = w->f;
	uint32_t parent = f->node[node].parent;
	uint32_t message = f->node[node].message;
	bool first = f->node[node].prev == NO_NODE;

	if (parent != 0 && first && f->node[parent].message != NO_NODE)
		out_puts(w->im, " ");
	if (has_parentheses(f, node))
		out_puts(w->im, "(");
	if (message != NO_NODE)
		out_printf(w->im, "%u", w->im->uid ?
			box_uid(w->im->box, w->matches->v[message].index) :
			w->matches->v[message].seq);
}

/* Close what ends with this node, up to the parent of the next one. */
static void
leave(const struct writing *w, uint32_t node)
{
	const struct forest *f = w->f;

	while (node != 0) {
		if (has_parentheses(f, node))
			out_puts(w->im, ")");
		if (f->node[node].next != NO_NODE)
			return;
		node = f->node[node].parent;
	}
}

static void
put_threads(const struct writing *w)
{
	uint32_t node = forest_next(w->f, 0);

	out_puts(w->im, "* THREAD");
	if (node != NO_NODE)
		out_puts(w->im, " ");
	for (; node != NO_NODE && out_push(w->im);
	     node = forest_next(w->f, node)) {
		enter(w, node);
		if (w->f->node[node].child == NO_NODE)
			leave(w, node);
	}
	out_puts(w->im, "\r\n");
}

bool
thread_run(struct imap *im, enum thread_kind kind, const struct matches *m,
    struct why *w)
{
	struct gathering g = { .box = im->box, .matches = m, .kind = kind };
	struct forest f;
	bool fine;

	g.m = xcalloc(m->n + 1, sizeof(*g.m));
	fine = headers_each(im, m, take, &g, w);
	forest_begin(&f);
	if (fine && kind == THREAD_REFERENCES)
		thread_references(&f, g.m, (uint32_t)m->n);
	else if (fine)
		ordered_subject(&f, &g);
	if (fine) {
		thread_order(&f, g.m);
		put_threads(&(struct writing){ im, &f, m });
	}
	forest_free(&f);
	free(g.m);
	arena_reset(&g.arena);
	return fine;
}
