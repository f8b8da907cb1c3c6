/* SPDX-License-Identifier: ISC */
/*
 * tables - domains, in order of precedence and in order of search
 *
 * The arrays and the lower-case copies of the names belong to the tables; the
 * settings keep what is looked up rarely (catch_all, postmaster).
 */
#include <stdlib.h>

#include "lib/mail/idn.h"
#include "router/tables.h"

static int
compare(const void *a, const void *b)
{
	const struct local *x = a, *y = b;

	return view_cmp(x->ascii, y->ascii);
}

static int
compare_relays(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	return view_cmp(*x, *y);
}

static struct view
lower_copy(struct view v)
{
	char *p = xmalloc(v.n);

	for (size_t i = 0; i < v.n; i++)
		p[i] = to_lower(v.p[i]);
	return view_bytes(p, v.n);
}

/* What is no domain by IDNA is found as it is spelled. */
static struct view
ascii_copy(struct view v)
{
	struct str ascii = { 0 };
	struct view copy = lower_copy(idn_ascii(&ascii, v) ?
	    str_view(&ascii) : v);

	str_free(&ascii);
	return copy;
}

/* The dot in front of what means all below is no part of the name. */
static struct view
relay_copy(struct view v)
{
	bool below = v.n > 0 && v.p[0] == '.';
	struct view name = ascii_copy(view_skip(v, below));
	char *p = xmalloc(name.n + 1);

	p[0] = '.';
	memcpy(p + below, name.p, name.n);
	free((void *)(uintptr_t)name.p);
	return view_bytes(p, name.n + below);
}

void
tables_free(struct tables *t)
{
	for (size_t i = 0; i < t->domains; i++) {
		free((void *)(uintptr_t)t->domain[i].p);
		free((void *)(uintptr_t)t->sorted[i].ascii.p);
	}
	for (size_t i = 0; i < t->relays; i++)
		free((void *)(uintptr_t)t->relay[i].p);
	free(t->domain);
	free(t->sorted);
	free(t->relay);
	t->domain = NULL;
	t->sorted = NULL;
	t->relay = NULL;
	t->domains = t->relays = 0;
}

static void
take_relays(struct tables *t, const struct words *from)
{
	t->relays = from->n;
	t->relay = xcalloc(from->n + 1, sizeof(*t->relay));
	for (size_t i = 0; i < from->n; i++)
		t->relay[i] = relay_copy(from->word[i]);
	qsort(t->relay, t->relays, sizeof(*t->relay), compare_relays);
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
	for (size_t i = 0; i < n; i++) {
		t->domain[i] = lower_copy(from[i]);
		t->sorted[i] = (struct local){ t->domain[i],
			ascii_copy(from[i]) };
	}
	qsort(t->sorted, n, sizeof(*t->sorted), compare);
	take_relays(t, &s->relay_domains);
}

enum kv_result
tables_alias(const struct tables *t, struct view key, struct view *items)
{
	enum kv_result r = t->alias(t->arg, key, items);

	return r != KV_NONE || t->alias_table == NULL ? r :
	    t->alias_table(t->arg, key, items);
}

bool
tables_local(const struct tables *t, struct view domain, struct view *name)
{
	struct str ascii = { 0 };
	struct local key = { .ascii = domain }, *found = NULL;

	if (idn_ascii(&ascii, domain))
		key.ascii = str_view(&ascii);
	if (t->domains > 0)
		found = bsearch(&key, t->sorted, t->domains,
		    sizeof(*t->sorted), compare);
	str_free(&ascii);
	if (found != NULL)
		*name = found->name;
	return found != NULL;
}

bool
tables_system(const struct tables *t, struct view domain)
{
	const struct words *w = &t->settings->system_domains;

	for (size_t i = 0; i < w->n && t->system_user != NULL; i++)
		if (view_eqi(w->word[i], domain))
			return true;
	return false;
}

/* The name itself, then with each label less what is below the rest. */
bool
tables_relay(const struct tables *t, struct view domain)
{
	struct str ascii = { 0 };
	struct view key = VIEW_NONE;
	bool found = false;

	if (t->relays > 0 && idn_ascii(&ascii, domain))
		key = str_view(&ascii);
	while (!found && key.n > 0) {
		size_t dot = key.n > 1 ? view_find(view_skip(key, 1), '.') + 1 :
					 key.n;

		found = bsearch(&key, t->relay, t->relays, sizeof(*t->relay),
			    compare_relays) != NULL;
		key = view_skip(key, dot < key.n ? dot : key.n);
	}
	str_free(&ascii);
	return found;
}

struct view
tables_catch_all(const struct tables *t, struct view domain)
{
	const struct domain_settings *d = settings_domain(t->settings, domain);

	return d ? view_of(d->catch_all) : VIEW_NONE;
}
