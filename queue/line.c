/* SPDX-License-Identifier: ISC */
/*
 * line - a ring of what waits, doubled when it is full
 *
 * Memory is given back when the line has become empty.
 */
#include <stdlib.h>

#include "queue/line.h"

static void
grow(struct line *l)
{
	size_t cap = l->cap > 0 ? l->cap * 2 : 64;
	struct waiting *item = xcalloc(cap, sizeof(*item));

	for (size_t i = 0; i < l->n; i++)
		item[i] = l->item[(l->first + i) % l->cap];
	free(l->item);
	l->item = item;
	l->cap = cap;
	l->first = 0;
}

void
line_put(struct line *l, uint64_t mail, uint32_t rcpt)
{
	if (l->n == l->cap)
		grow(l);
	l->item[(l->first + l->n++) % l->cap] =
	    (struct waiting){ .mail = mail, .rcpt = rcpt };
}

struct waiting
line_take(struct line *l)
{
	struct waiting w;

	must(l->n > 0);
	w = l->item[l->first];
	l->first = (l->first + 1) % l->cap;
	if (--l->n == 0 && l->cap > 4096) {
		free(l->item);
		*l = (struct line){ 0 };
	}
	return w;
}

void
lines_put(struct lines *l, unsigned level, struct waiting w)
{
	must(level < LINES);
	line_put(&l->at[level], w.mail, w.rcpt);
	l->n++;
}

struct waiting
lines_take(struct lines *l)
{
	unsigned level = LINES - 1;

	must(l->n > 0);
	if (++l->turn % LINES_FAIR == 0)
		level = l->next++ % LINES;
	while (l->at[level].n == 0)
		level = (level + LINES - 1) % LINES;
	l->n--;
	return line_take(&l->at[level]);
}
