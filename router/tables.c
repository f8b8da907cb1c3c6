/* SPDX-License-Identifier: ISC */
/*
 * tables - local domains, in order of precedence and in order of search
 *
 * Both arrays and the lower-case copies of the names belong to the tables; the
 * settings keep what is looked up rarely (catch_all, postmaster).
 */
#include <stdlib.h>

#include "router/tables.h"

static int
compare(const void *a, const void *b)
{
	return view_cmp(*(const struct view *)a, *(const struct view *)b);
}

static struct view
lower_copy(struct view v)
{
	char *p = xmalloc(v.n);

	for (size_t i = 0; i < v.n; i++)
		p[i] = to_lower(v.p[i]);
	return view_bytes(p, v.n);
}

void
tables_free(struct tables *t)
{
	for (size_t i = 0; i < t->domains; i++)
		free((void *)(uintptr_t)t->domain[i].p);
	free(t->domain);
	free(t->sorted);
	t->domain = t->sorted = NULL;
	t->domains = 0;
}

void
tables_settings(struct tables *t, const struct settings *s, struct view host)
{
	const struct view *from = s->domains.n > 0 ? s->domains.word : &host;
	size_t n = s->domains.n > 0 ? s->domains.n : 1;

	tables_free(t);
	t->settings = s;
	t->domains = n;
	t->domain = xcalloc(n, sizeof(*t->domain));
	t->sorted = xcalloc(n, sizeof(*t->sorted));
	for (size_t i = 0; i < n; i++)
		t->sorted[i] = t->domain[i] = lower_copy(from[i]);
	qsort(t->sorted, n, sizeof(*t->sorted), compare);
}

bool
tables_is_local(const struct tables *t, struct view domain)
{
	return t->domains > 0 &&
	       bsearch(&domain, t->sorted, t->domains, sizeof(*t->sorted),
		   compare) != NULL;
}

struct view
tables_catch_all(const struct tables *t, struct view domain)
{
	const struct domain_settings *d = settings_domain(t->settings, domain);

	return d ? view_of(d->catch_all) : VIEW_NONE;
}
