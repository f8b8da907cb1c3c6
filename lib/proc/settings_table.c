/* SPDX-License-Identifier: ISC */
/*
 * settings_table - settings.def made into rows
 *
 * A misspelt name is answered with the row that it is most like: the number of
 * letters to insert, delete, replace or swap decides.
 */
#include "lib/proc/settings_table.h"

#define ROW(type, name, in, normal, least, most, sentence)                     \
	{ #name, &setting_type_##type, offsetof(struct in, name), normal, least, most, \
		sentence },

static const struct setting_row main_rows[] = {
#define SETTING(type, name, ...) ROW(type, name, settings, __VA_ARGS__)
#include "lib/proc/settings.def"
};
static const struct setting_row listener_rows[] = {
#define LISTENER_SETTING(type, name, ...)                                      \
	ROW(type, name, listener_settings, __VA_ARGS__)
#include "lib/proc/settings.def"
};
static const struct setting_row domain_rows[] = {
#define DOMAIN_SETTING(type, name, ...)                                        \
	ROW(type, name, domain_settings, __VA_ARGS__)
#include "lib/proc/settings.def"
};

const struct setting_table setting_tables[TABLES] = {
	[TABLE_MAIN] = { NULL, main_rows, nitems(main_rows),
	    sizeof(struct settings) },
	[TABLE_LISTENER] = { "listener", listener_rows, nitems(listener_rows),
	    sizeof(struct listener_settings) },
	[TABLE_DOMAIN] = { "domain", domain_rows, nitems(domain_rows),
	    sizeof(struct domain_settings) },
};

const struct setting_row *
setting_row(const struct setting_table *t, struct view name)
{
	for (size_t i = 0; i < t->n; i++)
		if (view_is(name, t->row[i].name))
			return &t->row[i];
	return NULL;
}

/* Letters to insert, delete, replace, or swap with their neighbour. */
static size_t
edits(struct view a, const char *name)
{
	enum { MOST = 40 };
	size_t d[MOST + 1][MOST + 1], n = strlen(name);

	if (a.n > MOST || n > MOST)
		return MOST;
	for (size_t i = 0; i <= a.n; i++)
		for (size_t k = 0; k <= n; k++) {
			size_t best = i + k;

			if (i > 0 && k > 0)
				best = d[i - 1][k - 1] +
				    (to_lower(a.p[i - 1]) != name[k - 1]);
			if (i > 0 && d[i - 1][k] + 1 < best)
				best = d[i - 1][k] + 1;
			if (k > 0 && d[i][k - 1] + 1 < best)
				best = d[i][k - 1] + 1;
			if (i > 1 && k > 1 && a.p[i - 1] == name[k - 2] &&
			    a.p[i - 2] == name[k - 1] &&
			    d[i - 2][k - 2] + 1 < best)
				best = d[i - 2][k - 2] + 1;
			d[i][k] = best;
		}
	return d[a.n][n];
}

const char *
setting_nearest(const struct setting_table *t, struct view name)
{
	size_t least = name.n / 3 + 2;
	const char *nearest = NULL;

	for (size_t i = 0; i < t->n; i++) {
		size_t n = edits(name, t->row[i].name);

		if (n < least) {
			least = n;
			nearest = t->row[i].name;
		}
	}
	return nearest;
}

void
setting_defaults(const struct setting_table *t, struct arena *a, void *values)
{
	struct str problem = { 0 };
	struct setting_place where = { a, NULL, &problem };

	/* A least length does not bind the default: it asks to be set. */
	for (const struct setting_row *r = t->row; r < t->row + t->n; r++) {
		struct setting_row open = *r;

		open.least = 0;
		must(r->type->parse(&where, view_of(r->normal), &open,
		    setting_at(r, values)));
	}
	str_free(&problem);
}
