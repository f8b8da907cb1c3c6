/* SPDX-License-Identifier: ISC */
/*
 * table - open addressing with linear probing
 *
 * Removal moves later entries of a run back instead of leaving marks, so that
 * the table never gets slow with age.
 */
#include <stdlib.h>

#include "queue/table.h"

static size_t
home(const struct table *t, uint64_t id)
{
	return (size_t)((id * 0x9e3779b97f4a7c15u) >> 20) & (t->size - 1);
}

static size_t
probe(const struct table *t, uint64_t id)
{
	size_t i = home(t, id);

	while (t->slot[i] != NULL && *t->slot[i] != id)
		i = (i + 1) & (t->size - 1);
	return i;
}

void *
table_find(const struct table *t, uint64_t id)
{
	return t->size > 0 ? t->slot[probe(t, id)] : NULL;
}

static void
grow(struct table *t)
{
	struct table old = *t;

	t->size = old.size > 0 ? old.size * 2 : 64;
	t->slot = xcalloc(t->size, sizeof(*t->slot));
	for (size_t i = 0; i < old.size; i++)
		if (old.slot[i] != NULL)
			t->slot[probe(t, *old.slot[i])] = old.slot[i];
	free(old.slot);
}

void
table_add(struct table *t, void *thing)
{
	uint64_t *p = thing;
	size_t i;

	if (t->count + 1 > t->size / 4 * 3)
		grow(t);
	i = probe(t, *p);
	must(*p != 0 && t->slot[i] == NULL);
	t->slot[i] = p;
	t->count++;
}

void
table_remove(struct table *t, uint64_t id)
{
	size_t hole, i, mask = t->size - 1;

	must(t->size > 0);
	hole = probe(t, id);
	must(t->slot[hole] != NULL);
	t->slot[hole] = NULL;
	t->count--;
	for (i = (hole + 1) & mask; t->slot[i] != NULL; i = (i + 1) & mask) {
		size_t want = home(t, *t->slot[i]);

		if (((i - want) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		t->slot[i] = NULL;
		hole = i;
	}
}

void *
table_next(const struct table *t, size_t *at)
{
	while (*at < t->size)
		if (t->slot[(*at)++] != NULL)
			return t->slot[*at - 1];
	return NULL;
}

void **
table_take(struct table *t, bool (*is)(const void *thing, const void *arg),
    const void *arg, size_t *n)
{
	void **taken = xcalloc(t->count, sizeof(*taken)), *thing;

	*n = 0;
	for (size_t at = 0; (thing = table_next(t, &at)) != NULL;)
		if (is(thing, arg))
			taken[(*n)++] = thing;
	/* a removal moves others: not before all were looked at */
	for (size_t i = 0; i < *n; i++)
		table_remove(t, *(uint64_t *)taken[i]);
	return taken;
}

void
table_free(struct table *t)
{
	free(t->slot);
	*t = (struct table){ 0 };
}
