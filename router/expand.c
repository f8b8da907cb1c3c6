/* SPDX-License-Identifier: ISC */
/*
 * expand - a name, looked for in every domain
 *
 * A name without a domain that means different mailboxes in different domains
 * is ambiguous, and the answer says so instead of choosing. catch_all would
 * make everybody known, so it does not count for bare names.
 */
#include "lib/mail/address.h"
#include "lib/proc/message.h"
#include "router/expand.h"

#define ALLOW (ADDRESS_UTF8 | ADDRESS_LOCAL | ADDRESS_BARE)

struct search {
	const struct tables *tables;
	struct arena *arena;
	struct decision *d;
	struct view name;	/* as asked */
};

static bool
nobody(struct search *s)
{
	return why_never(&s->d->why, "1.1",
	    "<%.160s>: Recipient address rejected: "
	    "User unknown in local recipient table",
	    arena_copy(s->arena, s->name));
}

/* The domain in which a bare name is known; true with a->domain when it is the
 * same mailboxes in all where it is. */
static bool
find_domain(struct search *s, struct address *a)
{
	const struct tables *t = s->tables;
	struct view found = VIEW_NONE, domain = VIEW_NONE;

	for (size_t i = 0; i < t->domains; i++) {
		a->domain = t->domain[i];
		if (!decide_known(t, a, s->arena, s->d)) {
			if (s->d->why.verdict == VERDICT_LATER)
				return false;
			continue;
		}
		if (domain.n > 0 && !view_eq(found, str_view(&s->d->targets)))
			return why_never(&s->d->why, "1.4", "<%.160s>: "
			    "ambiguous: say in which domain",
			    arena_copy(s->arena, s->name));
		found = arena_view(s->arena, str_view(&s->d->targets));
		if (domain.n == 0)
			domain = t->domain[i];
	}
	if (domain.n == 0 && address_is_postmaster(a->local))
		domain = t->domain[0];
	a->domain = domain;
	return domain.n > 0 || nobody(s);
}

/* The addresses of the targets; false if it is just the one that was asked
 * for: a mailbox, not a list. */
static bool
members(const struct decision *d, struct view address, struct str *out)
{
	struct view list = str_view(&d->targets), part;
	bool others = false;

	for (size_t i = 0; list_next(&list, &part); i++)
		if (i % 3 == 2) {
			others |= !view_eqi(part, address);
			list_put(out, part);
		}
	return others;
}

static bool
answer(struct search *s, const struct address *a, bool list, struct str *out)
{
	struct str text = { 0 };
	struct inquiry q = { .sender = VIEW_NONE, .members = list };
	bool done = true;

	address_write(&text, a);
	q.recipient = str_view(&text);
	if (!decide(s->tables, &q, s->arena, s->d))
		done = false;
	else if (!list)
		list_put(out, str_view(&text));
	else if (!members(s->d, str_view(&text), out))
		done = why_never(&s->d->why, "2.4", "<%.160s>: that is a "
		    "mailbox, not a list", arena_copy(s->arena, s->name));
	str_free(&text);
	return done;
}

bool
expand(const struct tables *t, struct view name, bool list,
    struct arena *arena, struct decision *d, struct str *out)
{
	struct search s = { t, arena, d, name };
	struct view own;
	struct address a;

	str_reset(out);
	if (!t->ready)
		return why_later(&d->why, "3.0",
		    "The list of users is not there yet");
	if (address_parse(name, ALLOW, arena, &a) != ADDRESS_FINE)
		return nobody(&s);
	if (a.domain.n == 0 && !find_domain(&s, &a))
		return false;
	if (!tables_local(t, a.domain, &own)) {
		why_done(&d->why, "1.5", "<%.160s> is not of this host",
		    arena_copy(arena, name));
		return false;
	}
	return answer(&s, &a, list, out);
}
