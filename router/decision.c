/* SPDX-License-Identifier: ISC */
/*
 * decision - lists that grow together
 */
#include "lib/proc/message.h"
#include "router/decision.h"
#include "router/members.h"

void
decision_clear(struct decision *d)
{
	str_reset(&d->targets);
	str_reset(&d->lines);
	str_reset(&d->refusals);
	str_reset(&d->owner);
	d->count = 0;
	d->dangling = false;
}

void
decision_free(struct decision *d)
{
	str_free(&d->targets);
	str_free(&d->lines);
	str_free(&d->refusals);
	str_free(&d->owner);
}

static bool
has(const struct decision *d, const struct view part[3])
{
	struct view list = str_view(&d->targets), a, b, c;

	while (list_next(&list, &a) && list_next(&list, &b) &&
	    list_next(&list, &c))
		if (view_eq(c, part[2]) && view_eq(b, part[1]) &&
		    view_eq(a, part[0]))
			return true;
	return false;
}

/* part: transport and destination; the address is written here. */
static bool
add(struct decision *d, struct view part[3], const struct address *a,
    struct view line)
{
	struct str text = { 0 };

	address_write(&text, a);
	part[2] = str_view(&text);
	if (d->members != NULL) {
		bool room = members_put(d->members, part, a);

		str_free(&text);
		return room;
	}
	if (!has(d, part)) {
		for (size_t i = 0; i < 3; i++)
			list_put(&d->targets, part[i]);
		list_put(&d->lines, line);
		d->count++;
	}
	str_free(&text);
	return d->count <= DECISION_TARGETS_MAX &&
	       d->targets.n + d->lines.n <= DECISION_LIST_MAX;
}

bool
decision_add_user(struct decision *d, struct view user,
    const struct address *a)
{
	struct view part[3] = { VIEW_LIT("local"), user };

	return add(d, part, a, VIEW_NONE);
}

bool
decision_add_target(struct decision *d, struct view target,
    const struct address *as)
{
	struct view part[3] = { VIEW_LIT("deliver"), target };

	return add(d, part, as, VIEW_NONE);
}

bool
decision_add_system(struct decision *d, struct view user, bool mailbox,
    const struct address *a)
{
	struct str text = { 0 };
	bool ok;

	str_addf(&text, "~%.*s%s", VIEW(user), mailbox ? " \\" : "");
	ok = decision_add_target(d, str_view(&text), a);
	str_free(&text);
	return ok;
}

bool
decision_add_way(struct decision *d, const struct way *way,
    const struct address *a)
{
	struct view part[3] = { VIEW_LIT("smtp"), way->hop };

	return add(d, part, a, way->line);
}

bool
decision_add_list(struct decision *d, const struct address *a)
{
	struct view part[3] = { VIEW_LIT("list") };
	struct str text = { 0 };
	bool ok;

	address_write(&text, a);
	part[1] = str_view(&text);
	ok = add(d, part, a, VIEW_NONE);
	str_free(&text);
	return ok;
}

void
decision_add_refusal(struct decision *d, const struct way *way)
{
	if (way->line.n > 0 && d->refusals.n < DECISION_REFUSALS_MAX)
		list_put(&d->refusals, way->line);
}
