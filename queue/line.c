/* SPDX-License-Identifier: ISC */
/*
 * line - a ring of what waits, doubled when it is full
 *
 * Memory is given back when the line has become empty.
 */
#include <stdlib.h>

#include "queue/line.h"
#include "queue/mail.h"

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

unsigned
level_of(uint8_t priority, bool fresh)
{
	unsigned p = priority > 0 ? priority : PRIORITY_USUAL;

	must(p <= PRIORITY_MOST);
	return p * 2 + fresh;
}

static unsigned
highest(uint64_t bits)
{
	must(bits != 0);
	return 63 - (unsigned)__builtin_clzll(bits);
}

unsigned
turns_next(struct turns *t)
{
	uint64_t below = t->busy & ((1ull << t->last) - 1);

	if (++t->turn % TURNS_FAIR != 0)
		return highest(t->busy);
	t->last = highest(below != 0 ? below : t->busy);
	return t->last;
}

void
lines_put(struct lines *l, unsigned level, struct waiting w)
{
	must(level < LEVELS);
	line_put(&l->at[level], w.mail, w.rcpt);
	l->turns.busy |= 1ull << level;
	l->n++;
}

struct waiting
lines_take(struct lines *l)
{
	unsigned level = turns_next(&l->turns);
	struct waiting w = line_take(&l->at[level]);

	if (l->at[level].n == 0)
		l->turns.busy &= ~(1ull << level);
	l->n--;
	return w;
}
