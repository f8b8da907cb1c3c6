/* SPDX-License-Identifier: ISC */
/*
 * share - counted by destination
 *
 * A share exists while something is under way or waits aside.
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "lib/base/str.h"
#include "lib/base/tree.h"
#include "queue/share.h"

struct aside {
	STAILQ_ENTRY(aside) entry;
	struct waiting what;
	unsigned level;
};

struct share {
	RB_ENTRY(share) entry;
	struct str destination;
	uint64_t flying;
	STAILQ_HEAD(, aside) aside;
};
RB_HEAD(shares, share);

static int
by_destination(const struct share *a, const struct share *b)
{
	return view_cmp(str_view(&a->destination), str_view(&b->destination));
}
TREE_GENERATE(shares, share, entry, by_destination)

static struct shares all = RB_INITIALIZER(&all);

static struct share *
share_of(struct view destination)
{
	struct share *s = xcalloc(1, sizeof(*s)), *there;

	str_add(&s->destination, destination);
	STAILQ_INIT(&s->aside);
	there = RB_INSERT(shares, &all, s);
	if (there == NULL)
		return s;
	str_free(&s->destination);
	free(s);
	return there;
}

struct share *
share_take(struct view destination, uint64_t most, struct waiting w,
    unsigned level)
{
	struct share *s = share_of(destination);
	struct aside *a;

	if (s->flying < most) {
		s->flying++;
		return s;
	}
	a = xmalloc(sizeof(*a));
	*a = (struct aside){ .what = w, .level = level };
	STAILQ_INSERT_TAIL(&s->aside, a, entry);
	return NULL;
}

/* False: nothing waits aside. */
static bool
come_back(struct share *s, struct lines *to)
{
	struct aside *a = STAILQ_FIRST(&s->aside);

	if (a == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&s->aside, entry);
	lines_put(to, a->level, a->what);
	free(a);
	return true;
}

static void
free_if_idle(struct share *s)
{
	if (s->flying > 0 || !STAILQ_EMPTY(&s->aside))
		return;
	RB_REMOVE(shares, &all, s);
	str_free(&s->destination);
	free(s);
}

void
share_give(struct share **s, struct lines *to)
{
	must((*s)->flying > 0);
	(*s)->flying--;
	come_back(*s, to);
	free_if_idle(*s);
	*s = NULL;
}

bool
share_wake(struct lines *to)
{
	struct share *s, *next;
	bool any = false;

	for (s = RB_MIN(shares, &all); s != NULL; s = next) {
		next = RB_NEXT(shares, &all, s);
		if (s->flying > 0)
			continue;
		any |= come_back(s, to);
		free_if_idle(s);
	}
	return any;
}
