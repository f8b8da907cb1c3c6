/* SPDX-License-Identifier: ISC */
/*
 * way - a list of places to look at, in order
 *
 * Each place is a function that makes a key and looks for it; the first line
 * that is found decides. Names come from outside: what can be no key has no
 * line.
 */
#include "lib/mail/access.h"
#include "lib/mail/hop.h"
#include "lib/mail/routes.h"
#include "router/way.h"

struct search {
	const struct tables *tables;
	/* Of the tables: where keys are looked for. */
	enum kv_result (*look)(void *arg, struct view key, struct view *value);
	const struct address *to;
	struct view sender;
	struct arena *arena;
	struct str key;
	struct view value;	/* what was found: borrowed */
};

typedef enum kv_result place_fn(struct search *s);

static enum kv_result
look(struct search *s)
{
	return s->look(s->tables->arg, str_view(&s->key), &s->value);
}

static enum kv_result
look_for_address(struct search *s, enum routes_key kind,
    const struct address *a)
{
	struct address base = *a;
	struct view detail;
	enum kv_result r;

	if (!routes_key_address(&s->key, kind, a))
		return KV_NONE;
	r = look(s);
	if (r == KV_NONE &&
	    address_detail(a->local, s->tables->settings->recipient_delimiter,
		&base.local, &detail) &&
	    routes_key_address(&s->key, kind, &base))
		r = look(s);
	return r;
}

static enum kv_result
at_recipient(struct search *s)
{
	return look_for_address(s, ROUTES_ADDRESS, s->to);
}

static enum kv_result
at_domain(struct search *s)
{
	return routes_key_domain(&s->key, ROUTES_DOMAIN, s->to->domain) ?
	    look(s) : KV_NONE;
}

static enum kv_result
at_domains_above(struct search *s)
{
	enum kv_result r = KV_NONE;
	struct view above;

	if (!routes_key_domain(&s->key, ROUTES_DOMAIN, s->to->domain))
		return KV_NONE;
	above = arena_view(s->arena, view_skip(str_view(&s->key), 1));
	view_cut(&above, '.');
	while (r == KV_NONE && above.n > 0 &&
	    routes_key_domain(&s->key, ROUTES_BELOW, above)) {
		r = look(s);
		view_cut(&above, '.');
	}
	return r;
}

static enum kv_result
at_sender(struct search *s)
{
	struct address a;
	enum kv_result r;

	if (address_parse(s->sender, ADDRESS_UTF8, s->arena, &a) !=
	    ADDRESS_FINE)
		return KV_NONE;
	r = look_for_address(s, ROUTES_SENDER, &a);
	if (r == KV_NONE &&
	    routes_key_domain(&s->key, ROUTES_SENDER_DOMAIN, a.domain))
		r = look(s);
	return r;
}

static enum kv_result
at_default(struct search *s)
{
	str_reset(&s->key);
	str_addc(&s->key, ROUTES_DEFAULT);
	return look(s);
}

static place_fn *const places[] = {
	at_recipient,
	at_domain,
	at_domains_above,
	at_sender,
	at_default,
};

static place_fn *const places_ours[] = {
	at_recipient,
};

/* ---- what a line says ---- */

static enum way_found
refuse(struct search *s, const struct route *r, struct why *w)
{
	struct str name = { 0 };

	address_write(&name, s->to);
	if (r->kind == ROUTE_DEFER)
		why_later(w, "3.2", "<%.80s>: Recipient address rejected: "
		    "%.*s", str_c(&name), VIEW(r->text));
	else
		why_never(w, "7.1", "<%.80s>: Recipient address rejected: "
		    "%.*s", str_c(&name), VIEW(r->text));
	str_free(&name);
	return WAY_REFUSED;
}

/* The hosts of the recipient's domain. options: a hop whose port and options
 * hold for them; NULL: none. */
static enum way_found
own_way(struct search *s, const struct hop *options, struct way *way,
    struct why *w)
{
	struct str text = { 0 };
	struct hop own;

	if (!hop_parse(s->to->domain, s->arena, &own, w)) {
		address_write(&text, s->to);
		why_never(w, "1.2", "<%.160s>: Recipient address rejected: "
		    "no mail can go to that domain", str_c(&text));
		str_free(&text);
		return WAY_REFUSED;
	}
	if (options != NULL) {
		struct hop all = *options;

		all.kind = own.kind;
		all.host = own.host;
		own = all;
	}
	hop_write(&own, &text);
	way->hop = arena_view(s->arena, str_view(&text));
	str_free(&text);
	return WAY_FOUND;
}

static void
name_line(struct search *s, const struct route *r, struct way *way)
{
	struct str text = { 0 };

	str_addf(&text, "%u ", r->line);
	routes_pattern(str_view(&s->key), &text);
	way->line = arena_view(s->arena, str_view(&text));
	str_free(&text);
}

static enum way_found
unreadable(struct why *w)
{
	why_later(w, "3.5", "The routes cannot be read");
	return WAY_REFUSED;
}

static enum way_found
follow(struct search *s, struct way *way, struct why *w)
{
	struct route r;
	struct hop options;

	if (!route_parse(s->value, &r))
		return unreadable(w);
	name_line(s, &r, way);
	if (r.kind == ROUTE_REFUSE || r.kind == ROUTE_DEFER)
		return refuse(s, &r, w);
	if (r.kind == ROUTE_OWN)
		return hop_parse(arena_view(s->arena, r.text), s->arena,
			   &options, w) ?
		    own_way(s, &options, way, w) : unreadable(w);
	way->hop = arena_view(s->arena, r.text);
	return WAY_FOUND;
}

static enum way_found
find(struct search *s, place_fn *const *place, size_t n, struct way *way,
    struct why *w)
{
	enum kv_result r = KV_NONE;
	enum way_found found = WAY_NONE;

	*way = (struct way){ VIEW_NONE, VIEW_NONE };
	for (size_t i = 0; r == KV_NONE && i < n; i++)
		r = place[i](s);
	if (r == KV_TROUBLE)
		found = unreadable(w);
	else if (r == KV_FOUND)
		found = follow(s, way, w);
	str_free(&s->key);
	return found;
}

enum way_found
way_find(const struct tables *t, const struct address *a, struct view sender,
    struct arena *arena, struct way *way, struct why *w)
{
	struct search s = { t, t->route, a, sender, arena, { 0 }, VIEW_NONE };
	enum way_found found = find(&s, places, nitems(places), way, w);

	return found != WAY_NONE ? found : own_way(&s, NULL, way, w);
}

enum way_found
way_find_ours(const struct tables *t, const struct address *a,
    struct arena *arena, struct way *way, struct why *w)
{
	struct search s = { t, t->route, a, VIEW_NONE, arena, { 0 },
		VIEW_NONE };

	return find(&s, places_ours, nitems(places_ours), way, w);
}

static enum kv_result
ask_table(struct search *s, const struct address *a)
{
	str_reset(&s->key);
	return access_address(&s->key, a) ?
	    s->tables->recipient_table(s->tables->arg, str_view(&s->key)) :
	    KV_NONE;
}

/* Tables have no keys of their own, but the same names. */
static enum kv_result
at_table(struct search *s)
{
	struct address base = *s->to;
	struct view detail;
	enum kv_result r = ask_table(s, s->to);

	return r == KV_NONE && address_detail(s->to->local,
	    s->tables->settings->recipient_delimiter, &base.local, &detail) ?
	    ask_table(s, &base) : r;
}

enum kv_result
way_recipient(const struct tables *t, const struct address *a)
{
	struct search s = { t, t->recipient, a, VIEW_NONE, NULL, { 0 },
		VIEW_NONE };
	enum kv_result r = at_recipient(&s);

	if (r == KV_NONE)
		r = at_domain(&s);
	if (r == KV_NONE && t->recipient_table != NULL)
		r = at_table(&s);
	str_free(&s.key);
	return r;
}
