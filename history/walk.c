/* SPDX-License-Identifier: ISC */
/*
 * walk - segment by segment, by number, as indexes move
 */
#include <stdlib.h>

#include "history/walk.h"
#include "lib/proc/fiber.h"

#define BARE_MOST	(256u * 1024)	/* read at once where rows are missing */

/* Blocks of one segment that are worth reading. */
struct blocks {
	struct row *p;
	size_t n;
};

static void
blocks_add(struct blocks *b, uint32_t at, uint32_t length)
{
	b->p = xrealloc(b->p, (b->n + 1) * sizeof(*b->p));
	b->p[b->n++] = (struct row){ .at = at, .length = length };
}

/* What has no row cannot be cut where records begin, so it is one block. */
static void
choose(const struct walk *w, const struct leaf *l, struct blocks *b)
{
	struct str octets = { 0 };
	struct view rest;
	uint32_t at = SEGMENT_HEAD;
	struct row r;

	book_read_rows(w->book, l->number, &octets);
	rest = str_view(&octets);
	while (row_next(&rest, at, &r) == SEGMENT_MORE &&
	    r.at + r.length <= l->size) {
		if (row_has(&r, w->prints, w->n))
			blocks_add(b, r.at, r.length);
		at += r.length;
	}
	if (at < l->size)
		blocks_add(b, at, l->size - at);
	str_free(&octets);
}

static size_t
look(const struct walk *w, struct view octets)
{
	struct view rest = octets, one;
	struct event e;

	while (segment_next(&rest, &one) == SEGMENT_MORE)
		if (event_read(one, &e))
			w->event(w->arg, one, &e);
	return octets.n - rest.n;
}

/* Large ones in pieces. */
static bool
read_block(const struct walk *w, uint32_t number, struct row block)
{
	struct str octets = { 0 };
	uint32_t n;
	size_t taken = 1;
	bool enough = false;

	while (block.length > 0 && taken > 0 && !enough) {
		n = block.length < BARE_MOST ? block.length : BARE_MOST;
		if (!book_read(w->book, number, block.at, n, &octets))
			break;
		taken = look(w, str_view(&octets));
		block.at += (uint32_t)taken;
		block.length -= (uint32_t)taken;
		fiber_sleep(0);
		enough = w->enough(w->arg);
	}
	str_free(&octets);
	return !enough;
}

/* False: enough. */
static bool
read_leaf(const struct walk *w, const struct leaf *l, bool forward)
{
	uint32_t number = l->number;
	struct blocks b = { 0 };
	bool on = true;

	book_write(w->book);
	choose(w, l, &b);
	for (size_t i = 0; i < b.n && on; i++)
		on = read_block(w, number, b.p[forward ? i : b.n - 1 - i]);
	free(b.p);
	fiber_sleep(0);
	return on && !w->enough(w->arg);
}

/* Everything in it was before. That the next one begins before says nothing where
 * the clock has gone back in between. */
static bool
is_before(const struct walk *w, size_t i)
{
	const struct leaf *l = &w->book->leaf[i];

	return i + 1 < w->book->n && l[1].begun < w->since &&
	    l[0].begun <= l[1].begun;
}

void
walk_forward(const struct walk *w)
{
	uint32_t next = 0;
	size_t i = 0;
	bool on = true, begun = false;

	while (on && (i = book_find(w->book, next)) < w->book->n) {
		next = w->book->leaf[i].number + 1;
		begun = begun || !is_before(w, i);
		if (begun)
			on = read_leaf(w, &w->book->leaf[i], true);
	}
}

void
walk_backward(const struct walk *w)
{
	uint32_t next = UINT32_MAX;
	size_t i;
	bool on = true;

	while (on && (i = book_find(w->book, next)) > 0) {
		i--;
		next = w->book->leaf[i].number;
		on = !is_before(w, i) &&
		    read_leaf(w, &w->book->leaf[i], false);
	}
}
