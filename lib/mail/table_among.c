/* SPDX-License-Identifier: ISC */
/*
 * table_among - of which kind is a table?
 *
 * By itself, so that a program has the code of those kinds alone that it names.
 */
#include "lib/mail/table.h"

const struct table_kind *
table_among(const struct table_kind *const *kinds, size_t n, struct view name,
    struct view *source)
{
	struct view rest = name, word = view_cut(&rest, ':');

	for (size_t i = 0; word.n < name.n && i < n; i++)
		if (view_is(word, kinds[i]->name)) {
			*source = rest;
			return kinds[i];
		}
	return NULL;
}
