/* SPDX-License-Identifier: ISC */
/*
 * doubles - all keys in a row, sorted at the end
 */
#include <stdlib.h>

#include "ctl/doubles.h"

/* Where the key stands among the keys. */
struct doubles_line {
	size_t key;
	uint32_t key_n, number;
};

void
doubles_add(struct doubles *d, struct view key, uint32_t number)
{
	d->line = xgrow(d->line, d->n, &d->cap, sizeof(*d->line));
	d->line[d->n++] = (struct doubles_line){ d->keys.n, (uint32_t)key.n,
		number };
	str_add(&d->keys, key);
}

static struct view
key_of(const struct doubles *d, const struct doubles_line *l)
{
	return view_bytes(d->keys.p + l->key, l->key_n);
}

/* By key, then by number. */
static int
compare(const void *a, const void *b, void *arg)
{
	const struct doubles_line *x = a, *y = b;
	int order = view_cmp(key_of(arg, x), key_of(arg, y));

	return order != 0 ? order : x->number < y->number ? -1 : 1;
}

void
doubles_each(struct doubles *d, void (*f)(void *arg, struct view key,
    uint32_t number, uint32_t before), void *arg)
{
	if (d->n > 1)
		qsort_r(d->line, d->n, sizeof(*d->line), compare, d);
	for (size_t i = 1; i < d->n; i++) {
		const struct doubles_line *l = &d->line[i];

		if (view_eq(key_of(d, l), key_of(d, l - 1)))
			f(arg, key_of(d, l), l->number, (l - 1)->number);
	}
}

void
doubles_free(struct doubles *d)
{
	str_free(&d->keys);
	free(d->line);
	*d = (struct doubles){ 0 };
}
