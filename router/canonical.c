/* SPDX-License-Identifier: ISC */
/*
 * canonical - five keys, then one list of domains
 *
 * The order is that of Postfix's tables, so that files can be taken over. A name
 * without a domain is one of this host: anybody can be root elsewhere. The detail
 * of an address (user+detail), which a sender has put there to be told apart, stays
 * when its user was found without it.
 */
#include "lib/base/log.h"
#include "lib/mail/address.h"
#include "lib/mail/canonical.h"
#include "router/canonical.h"

struct naming {
	const struct tables *tables;
	struct arena *arena;
	struct address is;	/* the address as it was, or as it is by now */
	struct view domain;	/* its domain with A-labels, lower case */
};

/* ---- tables ---- */

enum { LOCAL = 1, USER = 2, HERE = 4, DOMAIN = 8 };
static const unsigned keys[] = { LOCAL | DOMAIN, USER | DOMAIN, LOCAL | HERE,
	USER | HERE, DOMAIN };

static bool
is_here(const struct naming *g)
{
	struct view name;

	return tables_local(g->tables, g->domain, &name) ||
	       view_isi(g->domain, g->tables->settings->hostname);
}

static struct view
user_of(const struct naming *g)
{
	struct view user, detail;

	address_detail(g->is.local,
	    g->tables->settings->recipient_delimiter, &user, &detail);
	return user;
}

/* False: the address has no key of this form. */
static bool
write_key(const struct naming *g, unsigned form, struct str *key)
{
	struct view user = user_of(g);

	if (((form & USER) && user.n == g->is.local.n) ||
	    ((form & HERE) && !is_here(g)))
		return false;
	if (form & (LOCAL | USER))
		str_add(key, form & USER ? user : g->is.local);
	if (form & DOMAIN) {
		str_addc(key, '@');
		str_add(key, g->domain);
	}
	for (size_t i = 0; i < key->n; i++)
		key->p[i] = to_lower(key->p[i]);
	return true;
}

static enum kv_result
take_value(struct naming *g, unsigned form, struct view value)
{
	struct view user = user_of(g);
	struct address new;

	if (!canonical_value(value, g->arena, &new)) {
		log_warning("canonical", "result=%s: is no address",
		    log_quote(value));
		return KV_TROUBLE;
	}
	if (new.local.n == 0)
		new.local = g->is.local;
	else if (form & USER)
		new.local = view_of(arena_printf(g->arena, "%.*s%.*s",
		    VIEW(new.local), VIEW(view_skip(g->is.local, user.n))));
	g->is = new;
	g->domain = new.domain;
	return KV_FOUND;
}

static enum kv_result
ask_tables(struct naming *g)
{
	struct str key = { 0 };
	struct view value;
	enum kv_result r = KV_NONE;

	for (size_t i = 0; r == KV_NONE && i < nitems(keys); i++) {
		str_reset(&key);
		if (!write_key(g, keys[i], &key))
			continue;
		r = g->tables->canonical(g->tables->arg, str_view(&key),
		    i > 0, &value);
		if (r == KV_FOUND)
			r = take_value(g, keys[i], value);
	}
	str_free(&key);
	return r;
}

/* ---- domains ---- */

static bool
is_exception(const struct naming *g)
{
	const struct words *w = &g->tables->settings->masquerade_exceptions;
	struct view user = user_of(g);

	for (size_t i = 0; i < w->n; i++)
		if (view_eqi(w->word[i], user) ||
		    view_eqi(w->word[i], g->is.local))
			return true;
	return false;
}

/* The first domain that this one is, or is below, decides; those with a ! keep
 * it. */
static enum kv_result
masquerade(struct naming *g)
{
	const struct words *w = &g->tables->settings->masquerade_domains;

	for (size_t i = 0; i < w->n; i++) {
		bool keep = w->word[i].p[0] == '!';
		struct view top;

		if (!canonical_domain(view_skip(w->word[i], keep), g->arena,
			&top) ||
		    (!view_eq(g->domain, top) &&
			!address_is_below(g->domain, top)))
			continue;
		if (keep || view_eq(g->domain, top) || is_exception(g))
			return KV_NONE;
		g->is.domain = g->domain = top;
		return KV_FOUND;
	}
	return KV_NONE;
}

/* A name that has grown too long is none. */
static enum kv_result
write_name(const struct naming *g, struct view *to)
{
	struct str text = { 0 };
	struct address again;

	address_write(&text, &g->is);
	*to = arena_view(g->arena, str_view(&text));
	str_free(&text);
	if (address_parse(*to, ADDRESS_UTF8, g->arena, &again) == ADDRESS_FINE)
		return KV_FOUND;
	log_warning("canonical", "result=%s: is too long", log_quote(*to));
	return KV_TROUBLE;
}

enum kv_result
canonical_rewrite(const struct tables *t, struct view address,
    struct arena *a, struct view *to)
{
	struct naming g = { .tables = t, .arena = a };
	enum kv_result named = KV_NONE, masked;
	struct address was;

	if (address_parse(address, ADDRESS_UTF8, a, &was) != ADDRESS_FINE ||
	    !canonical_domain(was.domain, a, &g.domain))
		return KV_NONE;
	g.is = was;
	if (t->canonical != NULL)
		named = ask_tables(&g);
	if (named == KV_TROUBLE)
		return named;
	masked = masquerade(&g);
	if ((named == KV_NONE && masked == KV_NONE) ||
	    address_same(&g.is, &was))
		return KV_NONE;
	return write_name(&g, to);
}
