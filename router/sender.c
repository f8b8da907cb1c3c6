/* SPDX-License-Identifier: ISC */
/*
 * sender - by its name, then by where mail to it would go
 */
#include "lib/mail/address.h"
#include "lib/proc/message.h"
#include "router/sender.h"

#define ALLOW (ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE)

static bool
is_name(struct view login, const struct address *a)
{
	struct str name = { 0 };
	bool same;

	address_canonical_user(&name, a);
	same = view_eqi(str_view(&name), login);
	str_free(&name);
	return same;
}

/* A user or an alias of exactly this name is not a detail of a shorter one:
 * the order in which decide() looks. */
static bool
is_taken(const struct tables *t, const struct address *a)
{
	struct str name = { 0 };
	struct view items;
	bool taken;

	address_canonical_user(&name, a);
	taken = t->user(t->arg, str_view(&name)) ||
	    tables_alias(t, str_view(&name), &items) != KV_NONE;
	str_reset(&name);
	for (size_t i = 0; i < a->local.n; i++)
		str_addc(&name, to_lower(a->local.p[i]));
	taken = taken || t->alias(t->arg, str_view(&name), &items) != KV_NONE;
	str_free(&name);
	return taken;
}

/* Itself, or with a detail that it chose. */
static bool
is_self(const struct tables *t, struct view login, const struct address *a)
{
	struct address base = *a;
	struct view detail;

	return is_name(login, a) || (t->ready &&
	    address_detail(a->local, t->settings->recipient_delimiter,
		&base.local, &detail) &&
	    is_name(login, &base) && !is_taken(t, a));
}

static bool
delivers_to(const struct decision *d, struct view login)
{
	struct view list = str_view(&d->targets);
	struct view transport, destination, address;

	while (list_next(&list, &transport) &&
	    list_next(&list, &destination) && list_next(&list, &address))
		if (view_is(transport, "local") && view_eqi(destination, login))
			return true;
	return false;
}

bool
sender_may(const struct tables *t, struct view login, struct view sender,
    struct arena *arena, struct decision *d)
{
	const struct inquiry q = { .recipient = sender, .members = true };
	struct address a;
	bool parsed;

	if (sender.n == 0 || !t->settings->sender_login)
		return why_done(&d->why, "1.0", "Ok");
	parsed = address_parse(sender, ALLOW, arena, &a) == ADDRESS_FINE;
	if (parsed)
		tables_local(t, a.domain, &a.domain);
	if (parsed && is_self(t, login, &a))
		return why_done(&d->why, "1.0", "Ok");
	if (decide(t, &q, arena, d) && delivers_to(d, login))
		return why_done(&d->why, "1.0", "Ok");
	if (d->why.verdict == VERDICT_LATER)
		return false;
	return why_never(&d->why, "7.1", "<%.100s>: Sender address rejected: "
	    "not owned by user %.60s, who may send as itself and as addresses "
	    "that deliver to it", arena_copy(arena, sender),
	    arena_copy(arena, login));
}
