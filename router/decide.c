/* SPDX-License-Identifier: ISC */
/*
 * decide - walk from an address through aliases to mailboxes and hosts
 *
 * The walk remembers the aliases that it has opened. One that leads back to an
 * opened alias stands for the user of that name, if there is one ("alice:
 * alice, bob" copies alice's mail to bob), and for nobody otherwise, so loops
 * end. An unknown name in an alias is passed over as long as others are known,
 * and so is one that the routes refuse.
 * An alias with an owner beside it is a list: one target, opened when the mail
 * goes to its members (local/list.h). So is an address that leads to more than a
 * message has room for.
 * Depth, steps and targets have limits; beyond them the mail waits for the
 * administrator, as mail does for an alias that cannot be carried out.
 */
#include "lib/base/tree.h"
#include "lib/mail/aliases.h"
#include "lib/proc/message.h"
#include "router/decide.h"
#include "router/members.h"
#include "router/way.h"

#define ALLOW (ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE)

/* What looking at one name led to. */
enum found {
	FOUND_NOTHING,
	FOUND_REFUSED,	/* by a route: d->why has it */
	FOUND_SOME,
	FOUND_STOP	/* the decision is made: d->why has it */
};

struct opened {
	RB_ENTRY(opened) entry;
	struct view key;
	enum found found;	/* nothing, until all of it is known */
	bool known;
};

RB_HEAD(all_opened, opened);

static int
by_key(const struct opened *a, const struct opened *b)
{
	return view_cmp(a->key, b->key);
}
TREE_GENERATE(all_opened, opened, entry, by_key)

struct walk {
	const struct tables *tables;
	struct arena *arena;
	struct decision *d;
	struct steps *steps;	/* or NULL */
	struct view sender;
	struct all_opened opened;
	unsigned depth, names;
	bool last_resort;	/* postmaster or catch_all is being followed */
	bool members;		/* of the list that is asked about */
	bool overflow;		/* there are too many targets */
};

static enum found find_address(struct walk *w, const struct address *a,
    struct view domain);
static enum found find_alias(struct walk *w, struct view key,
    const struct address *as);

static enum found
stop(struct walk *w, const char *sentence)
{
	why_later(&w->d->why, "3.5", "%s", sentence);
	return FOUND_STOP;
}

/* "local@domain" or, with an empty domain, "local"; lower case. */
static struct view
name_of(struct walk *w, struct view local, struct view domain)
{
	char *p = arena_alloc(w->arena, local.n + domain.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < local.n; i++)
		p[n++] = to_lower(local.p[i]);
	if (domain.n > 0)
		p[n++] = '@';
	for (size_t i = 0; i < domain.n; i++)
		p[n++] = to_lower(domain.p[i]);
	return view_bytes(p, n);
}

static enum found
too_many(struct walk *w)
{
	return stop(w, "The alias leads to too many addresses");
}

/* Of targets. */
static enum found
full(struct walk *w)
{
	w->overflow = true;
	return too_many(w);
}

/* What a line of the routes says, or the DNS. */
static enum found
take_way(struct walk *w, enum way_found found, const struct way *way,
    const struct address *a)
{
	if (found == WAY_NONE)
		return FOUND_NOTHING;
	steps_add_way(w->steps, w->tables, a, way,
	    found == WAY_FOUND ? NULL : w->d->why.text);
	if (found == WAY_FOUND)
		return decision_add_way(w->d, way, a) ? FOUND_SOME : full(w);
	decision_add_refusal(w->d, way);
	return w->d->why.verdict == VERDICT_NEVER ? FOUND_REFUSED : FOUND_STOP;
}

/* Another host's. */
static enum found
find_away(struct walk *w, const struct address *a)
{
	struct way way;
	enum way_found found = way_find(w->tables, a, w->sender, w->arena,
	    &way, &w->d->why);

	return take_way(w, found, &way, a);
}

/* One of ours, which the routes may send away. */
static enum found
find_moved(struct walk *w, const struct address *a)
{
	struct way way;
	enum way_found found = way_find_ours(w->tables, a, w->arena, &way,
	    &w->d->why);

	return take_way(w, found, &way, a);
}

static const struct opened *
find_opened(const struct walk *w, struct view key)
{
	struct opened wanted = { .key = key };

	return RB_FIND(all_opened, (struct all_opened *)(uintptr_t)&w->opened,
	    &wanted);
}

/* A user of the system: what his .forward says, or his mailbox only. */
static enum found
take_system(struct walk *w, struct view local, const struct address *a,
    bool mailbox)
{
	struct view name = name_of(w, local, VIEW_NONE);

	if (!tables_system(w->tables, a->domain) ||
	    !w->tables->system_user(w->tables->arg, name))
		return FOUND_NOTHING;
	steps_add(w->steps, "system_user", name, VIEW_NONE, mailbox ?
	    "the mailbox, whatever .forward says" :
	    "what .forward says when the mail comes to it, or the mailbox");
	return decision_add_system(w->d, name, mailbox, a) ? FOUND_SOME :
							     full(w);
}

static enum found
take_user(struct walk *w, struct view local, struct view domain)
{
	const struct address a = { .local = local, .domain = domain };
	struct view name = name_of(w, local, domain);

	if (!w->tables->user(w->tables->arg, name))
		return take_system(w, local, &a, true);
	steps_add(w->steps, "user", name, VIEW_NONE, "");
	return decision_add_user(w->d, name, &a) ? FOUND_SOME : full(w);
}

/* "\name": the user, in the domain of the alias or in another one. */
static enum found
find_mailbox(struct walk *w, const struct address *a, struct view domain)
{
	struct view own;
	enum found f;

	if (a->domain.n > 0)
		return tables_local(w->tables, a->domain, &own) ?
		    take_user(w, a->local, own) : find_away(w, a);
	f = take_user(w, a->local, domain);
	for (size_t i = 0; f == FOUND_NOTHING && i < w->tables->domains; i++)
		f = take_user(w, a->local, w->tables->domain[i]);
	return f;
}

/* ":include:path" is an alias of a name that mail cannot have. */
static enum found
find_list(struct walk *w, struct view path, const struct address *as)
{
	char *key = arena_alloc(w->arena, path.n + 1);

	key[0] = '\n';
	memcpy(key + 1, path.p, path.n);
	return find_alias(w, view_bytes(key, path.n + 1), as);
}

static enum found
pass_over(struct walk *w, struct view item, const char *reason)
{
	steps_add(w->steps, "passed_over", item, VIEW_NONE, reason);
	return FOUND_NOTHING;
}

/* One item of an alias that was found as this address; names without a domain
 * are in the alias's. */
static enum found
find_item(struct walk *w, struct view item, const struct address *as)
{
	struct view text = item.n > 0 ? view_skip(item, 1) : item;
	const char kind = item.n > 0 ? item.p[0] : ALIAS_ADDRESS;
	struct address a;
	enum found f;

	if (kind == ALIAS_REFUSED) {
		steps_add(w->steps, "mistake", text, VIEW_NONE, "");
		why_later(&w->d->why, "3.5", "%.*s", VIEW(text));
		return FOUND_STOP;
	}
	if (kind == ALIAS_INCLUDE)
		return find_list(w, text, as);
	if (kind == ALIAS_COMMAND || kind == ALIAS_FILE) {
		steps_add(w->steps, kind == ALIAS_FILE ? "file" : "command",
		    item, VIEW_NONE, "");
		return decision_add_target(w->d, item, as) ? FOUND_SOME :
							     full(w);
	}
	if (address_parse(text, ALLOW, w->arena, &a) != ADDRESS_FINE)
		return pass_over(w, text, "no address");
	f = kind == ALIAS_USER ? find_mailbox(w, &a, as->domain) :
				 find_address(w, &a, as->domain);
	w->d->dangling |= f == FOUND_NOTHING;
	return f != FOUND_NOTHING ? f : pass_over(w, text, "leads to nobody");
}

static enum found
find_items(struct walk *w, struct view items, const struct address *as)
{
	enum found all = FOUND_NOTHING;
	struct view item;

	if (w->depth >= DECIDE_DEPTH_MAX)
		return stop(w, "Aliases lead to aliases too many times");
	w->depth++;
	steps_deeper(w->steps);
	while (all != FOUND_STOP && list_next(&items, &item)) {
		enum found f = find_item(w, item, as);

		all = f > all ? f : all;
	}
	w->depth--;
	steps_back(w->steps);
	return all;
}

/* The name of the alias beside this one that has its owner: "owner-list". Owners
 * and those who see to requests have none. */
static bool
owner_name(struct walk *w, struct view key, struct view *owner)
{
	const struct view before = VIEW_LIT("owner-");
	const struct view behind = VIEW_LIT("-request");
	struct view name = { key.p, view_rfind(key, '@') };
	char *p = arena_alloc(w->arena, before.n + name.n);

	if (key.p[0] == '\n' || view_starts(name, before) ||
	    (name.n > behind.n &&
		view_eq(view_skip(name, name.n - behind.n), behind)))
		return false;
	memcpy(p, before.p, before.n);
	memcpy(p + before.n, name.p, name.n);
	*owner = view_bytes(p, before.n + name.n);
	return true;
}

/* KV_FOUND: the alias of this key, found as this address, is a list whose owner
 * has this name in the same domain. */
static enum kv_result
find_owner(struct walk *w, struct view key, const struct address *as,
    struct view *owner)
{
	enum kv_result r;
	struct view items;

	if (!owner_name(w, key, owner))
		return KV_NONE;
	r = w->tables->alias(w->tables->arg, name_of(w, *owner, as->domain),
	    &items);
	return r != KV_NONE ? r :
	    w->tables->alias(w->tables->arg, *owner, &items);
}

static void
set_owner(struct walk *w, struct view name, const struct address *as)
{
	const struct address owner = { .local = name, .domain = as->domain };

	address_write(&w->d->owner, &owner);
}

static enum found
open_alias(struct walk *w, struct view key, struct view items,
    const struct address *as)
{
	struct opened *o = arena_alloc(w->arena, sizeof(*o));

	*o = (struct opened){ .key = key };
	RB_INSERT(all_opened, &w->opened, o);
	o->found = find_items(w, items, as);
	o->known = true;
	return o->found;
}

static enum found
opened_before(struct walk *w, const struct opened *o)
{
	if (!o->known || o->found != FOUND_NOTHING)
		steps_add(w->steps, o->known ? "again" : "loop",
		    view_skip(o->key, o->key.p[0] == '\n'), VIEW_NONE,
		    o->known ? "was opened before" :
		    "leads back to itself: cut here, and only a user of this "
		    "name counts");
	return o->found;
}

static enum found
keep_closed(struct walk *w, struct view owner, const struct address *as)
{
	steps_add(w->steps, "list", owner, VIEW_NONE,
	    "its owner; opened when the mail goes to its members");
	return decision_add_list(w->d, as) ? FOUND_SOME : full(w);
}

static void
tell_alias(struct walk *w, const char *kind, struct view key)
{
	bool list = key.p[0] == '\n';

	steps_add_found(w->steps, w->tables, list ? "include" : kind,
	    view_skip(key, list), "");
}

/* Follow the alias of this key, if there is one; once only. */
static enum found
find_alias(struct walk *w, struct view key, const struct address *as)
{
	const struct opened *before = find_opened(w, key);
	struct view items, owner;
	enum kv_result r;

	if (before != NULL)
		return opened_before(w, before);
	r = w->tables->alias(w->tables->arg, key, &items);
	if (r == KV_NONE)
		return FOUND_NOTHING;
	if (r == KV_FOUND) {
		items = arena_view(w->arena, items);
		tell_alias(w, "alias", key);
		r = find_owner(w, key, as, &owner);
	}
	if (r == KV_TROUBLE)
		return stop(w, "The aliases cannot be read");
	if (r == KV_NONE)
		return open_alias(w, key, items, as);
	if (!w->members || !RB_EMPTY(&w->opened))
		return keep_closed(w, owner, as);
	set_owner(w, owner, as);
	return open_alias(w, key, items, as);
}

/* The same of a table of expressions. The address counts as opened, so one that
 * leads to itself is the user, as with an alias. No list has an owner by an
 * expression: "/@old\.example$/" would make one of everybody. */
static enum found
find_table(struct walk *w, struct view key, const struct address *as)
{
	const struct opened *before = find_opened(w, key);
	struct view items;
	enum kv_result r;

	if (before != NULL)
		return before->found;
	if (w->tables->alias_table == NULL)
		return FOUND_NOTHING;
	r = w->tables->alias_table(w->tables->arg, key, &items);
	if (r == KV_NONE)
		return FOUND_NOTHING;
	tell_alias(w, "table", key);
	if (r == KV_TROUBLE)
		return stop(w, "The aliases cannot be read");
	return open_alias(w, key, arena_view(w->arena, items), as);
}

/* Alias or user of exactly this name; a is what the target's address says. */
static enum found
find_name(struct walk *w, struct view local, const struct address *a)
{
	struct view whole = name_of(w, local, a->domain);
	struct view bare = name_of(w, local, VIEW_NONE);
	enum found f = find_alias(w, whole, a);

	if (f == FOUND_NOTHING && view_find(bare, '@') == bare.n)
		f = find_alias(w, bare, a);
	if (f == FOUND_NOTHING)
		f = find_table(w, whole, a);
	if (f == FOUND_NOTHING && w->tables->user(w->tables->arg, whole)) {
		steps_add(w->steps, "user", whole, VIEW_NONE, "");
		f = decision_add_user(w->d, whole, a) ? FOUND_SOME : full(w);
	}
	return f == FOUND_NOTHING ? take_system(w, local, a, false) : f;
}

/* Route, alias or user, with the detail and without. */
static enum found
find_user(struct walk *w, const struct address *a)
{
	struct view base, detail;
	enum found f;

	if (++w->names > (w->d->members != NULL ? DECIDE_LIST_STEPS_MAX :
						  DECIDE_STEPS_MAX))
		return too_many(w);
	f = find_moved(w, a);
	if (f == FOUND_NOTHING)
		f = find_name(w, a->local, a);
	if (f == FOUND_NOTHING &&
	    address_detail(a->local, w->tables->settings->recipient_delimiter,
		&base, &detail)) {
		steps_add(w->steps, "detail", detail, VIEW_NONE,
		    "cut off, as nothing has the whole name");
		f = find_name(w, base, a);
	}
	return f;
}

/* A name that the settings give: a user or an address anywhere. */
static enum found
find_setting(struct walk *w, const char *setting, struct view text,
    struct view domain)
{
	struct address a;
	enum found f;

	if (text.n == 0 || w->last_resort ||
	    address_parse(text, ALLOW, w->arena, &a) != ADDRESS_FINE)
		return FOUND_NOTHING;
	w->last_resort = true;
	steps_add(w->steps, setting, text, VIEW_NONE,
	    "stands in for who is unknown");
	f = find_address(w, &a, domain);
	w->last_resort = false;
	return f;
}

static enum found
find_postmaster(struct walk *w, const struct address *a, struct view domain)
{
	struct view base, detail;
	enum found f;

	address_detail(a->local, w->tables->settings->recipient_delimiter,
	    &base, &detail);
	if (!address_is_postmaster(base))
		return FOUND_NOTHING;
	f = find_setting(w, "postmaster",
	    view_of(w->tables->settings->postmaster), domain);
	if (f == FOUND_NOTHING)
		f = find_setting(w, "first_user", w->tables->first_user,
		    domain);
	return f;
}

/* A name without a domain is looked for in the domain of the alias that says
 * it, then in all others. */
static enum found
find_bare(struct walk *w, const struct address *a, struct view domain)
{
	struct address whole = *a;
	enum found f;

	whole.domain = domain;
	f = find_user(w, &whole);
	for (size_t i = 0; f == FOUND_NOTHING && i < w->tables->domains; i++) {
		whole.domain = w->tables->domain[i];
		f = find_user(w, &whole);
	}
	return f != FOUND_NOTHING ? f : find_postmaster(w, a, domain);
}

static enum found
find_address(struct walk *w, const struct address *a, struct view domain)
{
	struct address spelled = *a;
	struct view own;
	enum found f;

	if (a->domain.n == 0)
		return find_bare(w, a, domain);
	if (!tables_local(w->tables, a->domain, &own))
		return find_away(w, a);
	/* users and aliases are named by what the settings call the domain */
	if (!view_eqi(a->domain, own))
		spelled.domain = own;
	f = find_user(w, &spelled);
	if (f == FOUND_NOTHING)
		f = find_postmaster(w, &spelled, own);
	if (f == FOUND_NOTHING)
		f = find_setting(w, "catch_all",
		    tables_catch_all(w->tables, own), own);
	return f;
}

static bool
refuse(struct walk *w, const struct inquiry *q, const char *status,
    const char *sentence)
{
	return why_never(&w->d->why, status, "<%.160s>: %s",
	    arena_copy(w->arena, q->recipient), sentence);
}

/* Is it on the list of those in relay_domains, or is there no such list? */
static bool
is_relayed(struct walk *w, const struct address *a, const struct inquiry *q)
{
	enum kv_result r;

	if (q->taken || w->tables->settings->relay_recipients[0] == '\0' ||
	    address_is_postmaster(a->local))
		return true;
	r = way_recipient(w->tables, a);
	if (r == KV_FOUND)
		steps_add_found(w->steps, w->tables, "relay_recipients",
		    q->recipient, "");
	else
		steps_add_address(w->steps, "relay_recipients", a,
		    w->tables->settings->relay_recipients, "is not there");
	if (r == KV_TROUBLE)
		return why_later(&w->d->why, "3.5",
		    "The list of recipients cannot be read");
	return r == KV_FOUND || refuse(w, q, "1.1", "Recipient address "
	    "rejected: User unknown in relay recipient table");
}

/* Ours, or one that this client may send to through us. */
static bool
is_wanted(struct walk *w, const struct address *a, const struct inquiry *q)
{
	struct view own;

	if (a->domain.n == 0 || tables_local(w->tables, a->domain, &own)) {
		steps_add(w->steps, "domain", a->domain, VIEW_NONE,
		    "is one of ours, by the setting domains");
		return true;
	}
	if (tables_relay(w->tables, a->domain)) {
		steps_add(w->steps, "relay_domains", a->domain, VIEW_NONE,
		    "anybody may send there");
		return is_relayed(w, a, q);
	}
	steps_add(w->steps, "relay", a->domain, VIEW_NONE, !q->trusted ?
	    "neither relay_domains, relay_clients nor a login permits it" :
	    q->permit != NULL ? q->permit : "permitted");
	return q->trusted || refuse(w, q, "7.1", "Relay access denied");
}

/* A list without an owner, but a long one. */
static enum found
stand_for_itself(struct walk *w, const struct address *a)
{
	struct address whole = *a;

	if (whole.domain.n == 0)
		whole.domain = w->tables->domain[0];
	decision_clear(w->d);
	return decision_add_list(w->d, &whole) ? FOUND_SOME : full(w);
}

/* The address as the client gave it. */
static bool
find_recipient(struct walk *w, const struct address *a,
    const struct inquiry *q)
{
	enum found f;

	if (!is_wanted(w, a, q))
		return false;
	f = find_address(w, a, w->tables->domain[0]);
	if (f == FOUND_STOP && w->overflow && !w->members) {
		steps_add(w->steps, "list", VIEW_NONE, VIEW_NONE,
		    "has so many members that it is opened when the mail "
		    "goes to them");
		f = stand_for_itself(w, a);
	}
	if (f == FOUND_STOP || f == FOUND_REFUSED)
		return false;
	if (f == FOUND_NOTHING)
		return refuse(w, q, "1.1", "Recipient address rejected: "
		    "User unknown in local recipient table");
	return why_done(&w->d->why, "1.5", "Ok");
}

bool
decide_known(const struct tables *t, const struct address *address,
    struct arena *arena, struct decision *d)
{
	struct walk w = { .tables = t, .arena = arena, .d = d,
		.sender = VIEW_NONE, .opened = RB_INITIALIZER(&w.opened),
		.last_resort = true, .members = true };
	enum found f;

	decision_clear(d);
	f = find_user(&w, address);
	if (f == FOUND_STOP || f == FOUND_REFUSED)
		return false;
	if (f == FOUND_NOTHING)
		return why_never(&d->why, "1.1", "unknown");
	return why_done(&d->why, "1.5", "Ok");
}

bool
decide(const struct tables *t, const struct inquiry *q, struct arena *arena,
    struct decision *d)
{
	struct walk w = { .tables = t, .arena = arena, .d = d,
		.steps = q->steps, .sender = q->sender, .opened = RB_INITIALIZER(&w.opened),
		.members = q->members };
	struct address a;
	enum address_error e;

	decision_clear(d);
	if (!t->ready)
		return why_later(&d->why, "3.0",
		    "The list of users is not there yet");
	e = address_parse(q->recipient, ALLOW, arena, &a);
	if (e != ADDRESS_FINE)
		return address_why(e, false, &d->why);
	return find_recipient(&w, &a, q);
}
