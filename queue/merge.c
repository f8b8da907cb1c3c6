/* SPDX-License-Identifier: ISC */
/*
 * merge - recipients by identity, targets one after the other
 *
 * A recipient is known by its address, by address and destination where an alias
 * names several commands and files, and by its destination alone where that is
 * something of a user of the system, which many addresses may lead to.
 * First each target that a recipient has already is found, for all groups: one
 * may want what another has. Targets that are left replace recipients that are
 * left, so that few are new or go.
 */
#include <stdlib.h>

#include "lib/proc/message.h"
#include "queue/merge.h"
#include "queue/transport.h"

#define TEXT_MOST	1024	/* octets of one text of an envelope */

static bool
is_outside(const struct target *t)
{
	return transport_named(t->transport) == TRANSPORT_DELIVER;
}

/* "~user thing"; "~user" may mean another thing for each address. */
static struct view
address_of(const struct target *t)
{
	return is_outside(t) && t->destination.n > 0 &&
	    t->destination.p[0] == '~' &&
	    view_find(t->destination, ' ') < t->destination.n ?
	    VIEW_NONE : t->address;
}

/* Orders by who gets it. */
static int
compare(const struct target *a, const struct target *b)
{
	bool x = is_outside(a), y = is_outside(b);
	int c = view_cmp(address_of(a), address_of(b));

	if (c != 0 || x != y || !x)
		return c != 0 ? c : x - y;
	return view_cmp(a->destination, b->destination);
}

static struct target
target_of(const struct mail *m, uint32_t rcpt)
{
	struct rcpt_texts t = mail_texts(m, rcpt);

	return (struct target){ t.transport, t.destination, t.address };
}

static int
by_identity(const void *a, const void *b, void *mail)
{
	struct target x = target_of(mail, *(const uint32_t *)a);
	struct target y = target_of(mail, *(const uint32_t *)b);

	return compare(&x, &y);
}

int
merge_by_original(const void *a, const void *b, void *mail)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = view_cmp(mail_texts(mail, x).original,
	    mail_texts(mail, y).original);

	return c != 0 ? c : x < y ? -1 : x > y;
}

/* All recipients that are meant to get the mail, sorted. */
uint32_t *
merge_sorted(const struct mail *m, uint32_t *n,
    int (*order)(const void *, const void *, void *))
{
	uint32_t *rcpt = xcalloc(m->nrcpt, sizeof(*rcpt));

	*n = 0;
	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (m->rcpt[i].transport != TRANSPORT_EXPANDED)
			rcpt[(*n)++] = i;
	qsort_r(rcpt, *n, sizeof(*rcpt), order, (void *)(uintptr_t)m);
	return rcpt;
}


bool
merge_next(struct view *list, struct target *t)
{
	return list_next(list, &t->transport) &&
	    list_next(list, &t->destination) && list_next(list, &t->address);
}

bool
merge_is_list(struct view list)
{
	struct target t;
	size_t n;

	if (!list_ok(list, &n) || n == 0 || n % 3 != 0)
		return false;
	while (merge_next(&list, &t))
		if (transport_named(t.transport) >= TRANSPORT_EXPANDED ||
		    t.destination.n > TEXT_MOST || t.address.n > TEXT_MOST)
			return false;
	return true;
}

static void
add(struct merge_changes *out, struct change c)
{
	out->at = xgrow(out->at, out->n, &out->cap, sizeof(*out->at));
	out->at[out->n++] = c;
}

/* RFC 3461 5.2.7: an alias that has become several is reported as such, once,
 * and not what becomes of its members. */
static uint8_t
notify_of(const struct mail *m, uint32_t rcpt, bool several)
{
	uint8_t notify = m->rcpt[rcpt].notify;

	if (!several)
		return notify;
	notify &= (uint8_t)~NOTIFY_SUCCESS;
	return notify != 0 || m->rcpt[rcpt].notify == 0 ? notify :
							 NOTIFY_NEVER;
}

static bool
is_same(const struct mail *m, uint32_t rcpt, const struct change *c)
{
	struct rcpt_texts t = mail_texts(m, rcpt);

	return view_eq(t.transport, c->to.transport) &&
	    view_eq(t.destination, c->to.destination) &&
	    view_eq(t.address, c->to.address) &&
	    m->rcpt[rcpt].notify == c->notify;
}

/* The next of the group that is marked, from *at on; UINT32_MAX: none. */
static uint32_t
next_marked(const struct merge_group *g, const uint8_t *marked, uint32_t *at)
{
	while (*at < g->members) {
		uint32_t i = g->member[(*at)++];

		if (marked[i] == MERGE_MARKED)
			return i;
	}
	return UINT32_MAX;
}

/* All groups of a mail. */
struct merging {
	const struct mail *mail;
	uint8_t *marked;
	struct merge_changes *out;
	uint32_t *rcpt, n;	/* all, by identity */
};

static int
compare_at(const struct merging *g, uint32_t at, const struct target *t)
{
	struct target have = target_of(g->mail, g->rcpt[at]);

	return compare(&have, t);
}

static bool
is_at(const struct merging *g, uint32_t at, const struct target *t)
{
	return at < g->n && compare_at(g, at, t) == 0;
}

/* The place of the first recipient that is this target, or of what is behind. */
static uint32_t
first_with(const struct merging *g, const struct target *t)
{
	uint32_t low = 0, high = g->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (compare_at(g, mid, t) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
is_several(const struct merge_group *group)
{
	struct view list = group->targets;
	size_t n;

	return list_ok(list, &n) && n > 3;
}

/* Recipients that have a target already keep it. */
static void
keep(struct merging *g, const struct target *t, bool several)
{
	uint32_t at = first_with(g, t), i;
	struct change c = { .to = *t };

	while (is_at(g, at, t) && g->marked[g->rcpt[at]] != MERGE_MARKED)
		at++;
	if (!is_at(g, at, t))
		return;
	i = c.rcpt = g->rcpt[at];
	g->marked[i] = MERGE_KEPT;
	c.notify = notify_of(g->mail, i, several);
	if (!is_same(g->mail, i, &c))
		add(g->out, c);
}

static void
keep_all(struct merging *g, const struct merge_group *group)
{
	struct view list = group->targets;
	struct target t;

	while (merge_next(&list, &t))
		keep(g, &t, is_several(group));
}

static bool
wants_success(const struct merging *g, const struct merge_group *group)
{
	for (uint32_t i = 0; i < group->members; i++)
		if (g->marked[group->member[i]] != 0 &&
		    g->mail->rcpt[group->member[i]].notify & NOTIFY_SUCCESS)
			return true;
	return false;
}

/* The others replace those that have none, and then there are more. */
static void
replace_all(struct merging *g, const struct merge_group *group)
{
	struct view list = group->targets;
	struct target t;
	uint32_t at = 0;

	while (merge_next(&list, &t)) {
		struct change c = { .to = t };

		if (is_at(g, first_with(g, &t), &t))
			continue;
		c.rcpt = next_marked(group, g->marked, &at);
		c.new = c.rcpt == UINT32_MAX;
		if (c.new)
			c.rcpt = group->member[0];
		else
			g->marked[c.rcpt] = MERGE_KEPT;
		c.notify = notify_of(g->mail, c.rcpt, is_several(group));
		add(g->out, c);
	}
	if (is_several(group) && wants_success(g, group))
		add(g->out, (struct change){ .rcpt = group->member[0],
		    .new = true, .expanded = true, .notify = NOTIFY_SUCCESS,
		    .to = { VIEW_LIT("expanded"), VIEW_NONE,
			mail_texts(g->mail, group->member[0]).original } });
}

/* Who gets it no more has no address any more: it may be wanted again. */
static void
leave_all(struct merging *g, const struct merge_group *group)
{
	for (uint32_t i = 0; i < group->members; i++) {
		uint32_t r = group->member[i];

		if (g->marked[r] == MERGE_MARKED)
			add(g->out, (struct change){ .rcpt = r,
			    .notify = g->mail->rcpt[r].notify,
			    .to = { VIEW_LIT("expanded"), VIEW_NONE,
				mail_texts(g->mail, r).original } });
	}
}

/* The same address comes of two aliases. */
static int
by_target(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int c = x->expanded - y->expanded;

	if (c == 0)
		c = compare(&x->to, &y->to);
	return c != 0 ? c : x->new - y->new;
}

static void
unique(struct merge_changes *c, uint8_t *marked)
{
	size_t kept = 0;

	if (c->n > 0)
		qsort(c->at, c->n, sizeof(*c->at), by_target);
	for (size_t i = 0; i < c->n; i++) {
		const struct change *one = &c->at[i];
		const struct change *last = kept > 0 ? &c->at[kept - 1] : NULL;

		if (last == NULL || one->expanded ||
		    compare(&last->to, &one->to) != 0)
			c->at[kept++] = *one;
		else if (!one->new)
			marked[one->rcpt] = MERGE_MARKED;
	}
	c->n = kept;
}

void
merge_groups(const struct mail *m, const struct merge_groups *g,
    uint8_t *marked, struct merge_changes *out)
{
	struct merging all = { m, marked, out, NULL, 0 };

	all.rcpt = merge_sorted(m, &all.n, by_identity);
	for (size_t i = 0; i < g->n; i++)
		keep_all(&all, &g->at[i]);
	for (size_t i = 0; i < g->n; i++)
		replace_all(&all, &g->at[i]);
	unique(out, marked);
	for (size_t i = 0; i < g->n; i++)
		leave_all(&all, &g->at[i]);
	free(all.rcpt);
}
