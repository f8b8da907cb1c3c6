/* SPDX-License-Identifier: ISC */
/*
 * requeue - first ask about everything, then change everything at once
 *
 * While router is asked the mail may change or go. So the answers are collected,
 * and what they say is done in one step to what the mail is then.
 */
#include <stdlib.h>

#include "lib/base/arena.h"
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "queue/durable.h"
#include "queue/judge.h"
#include "queue/ledger.h"
#include "queue/merge.h"
#include "queue/note.h"
#include "queue/relay.h"
#include "queue/requeue.h"
#include "queue/schedule.h"
#include "queue/split.h"
#include "queue/transport.h"
#include "queue/wake.h"

#define ASK_MS		5000
#define ASIDE		3	/* marked, but not to be asked about */
#define FORWARD_S	60	/* until a try after an answer that makes no sense */

/* Recipients with the same address of the client, and where they go. */
struct asked {
	struct merge_group group;
	struct view address;	/* of the first of them */
	struct why why;
};

struct asking {
	uint64_t mail;
	uint8_t *marked;
	uint32_t n, *order;
	struct arena arena;
	struct asked *asked;
	size_t count, cap;
};

/* ---- asking ---- */

/* Waits. True with a DONE or NEVER; LATER, and no answer, change nothing. */
static bool
ask(struct view sender, struct view address, struct reply *r)
{
	struct channel *to = service_peer(ROLE_ROUTER, 0);
	const struct message m = { .type = MSG_route, .route = {
		.sender = sender, .recipient = address, .trusted = 1 } };
	struct why w;

	if (to == NULL || !channel_call(to, &m, r, deadline_in(ASK_MS), &w))
		return false;
	if (r->m.type == MSG_routed && r->m.routed.verdict != VERDICT_LATER)
		return true;
	reply_free(r);
	return false;
}

static struct mail *
find(uint64_t id)
{
	struct mail *m = ledger_find(id);

	return m != NULL && m->state == MAIL_QUEUED ? m : NULL;
}

static bool
may_change(const struct mail *m, uint32_t rcpt)
{
	uint8_t state = m->rcpt[rcpt].state;

	return state == RCPT_WAITING || state == RCPT_READY;
}

/* ---- what comes of it ---- */

/* The change that follows writes it down. */
static void
nobody_any_more(struct mail *m, uint32_t rcpt)
{
	char id[SPOOL_ID_SIZE];

	log_info(spool_id(m->id, id), "to=<%s>, requeued: goes to others now",
	    log_quote(mail_texts(m, rcpt).address));
	ledger_move(m, rcpt, RCPT_SETTLED);
}

static void
settle_marked(struct mail *m, const struct merge_groups *g,
    const uint8_t *marked)
{
	for (size_t i = 0; i < g->n; i++)
		for (uint32_t k = 0; k < g->at[i].members; k++)
			if (marked[g->at[i].member[k]] == MERGE_MARKED)
				nobody_any_more(m, g->at[i].member[k]);
}

/* What the groups say now; returns the mail that takes its place. */
static struct mail *
change_groups(struct mail *m, const struct merge_groups *g, uint8_t *marked)
{
	struct merge_changes changes = { 0 };

	merge_groups(m, g, marked, &changes);
	settle_marked(m, g, marked);
	if (changes.n > 0)
		m = change_mail(m, changes.at, changes.n);
	free(changes.at);
	return m;
}

static void
refuse(struct mail *m, uint32_t rcpt, const struct why *why)
{
	struct outcome o = { .why = *why, .random = arc4random() };

	if (m->rcpt[rcpt].state == RCPT_WAITING)
		ledger_move(m, rcpt, RCPT_READY);
	ledger_move(m, rcpt, RCPT_TRYING);
	judge(m, rcpt, &o);
}

/* Those of a group that are still marked, and still wait. */
static void
refuse_marked(struct mail *m, const struct asked *a, const uint8_t *marked)
{
	for (uint32_t i = 0; i < a->group.members; i++) {
		uint32_t r = a->group.member[i];

		if (marked[r] == MERGE_MARKED && m->state == MAIL_QUEUED &&
		    may_change(m, r))
			refuse(m, r, &a->why);
	}
}

/* What waits is due now, and what held it is over. */
static void
make_due(struct mail *m, const uint8_t *marked, uint32_t n)
{
	uint32_t now = schedule_now();

	for (uint32_t i = 0; i < n; i++) {
		struct rcpt *r = &m->rcpt[i];

		if (marked[i] == 0 || r->state != RCPT_WAITING)
			continue;
		if (r->to != NULL)
			destination_wake(r->to);
		if (r->due > now)
			r->due = now;
		note_verdict(durable_notes(), m, i);
	}
	wake_due(m);
}

/* ---- all of a mail ---- */

/* False: there is no answer. */
static bool
ask_about(struct asking *a, const struct merge_group *g, struct view address)
{
	struct mail *m = find(a->mail);
	struct view sender;
	struct asked *to;
	struct reply r;

	if (m == NULL)
		return false;
	sender = arena_view(&a->arena, mail_sender(m));
	address = arena_view(&a->arena, address);
	if (!ask(sender, address, &r))
		return false;
	a->asked = xgrow(a->asked, a->count, &a->cap, sizeof(*a->asked));
	to = &a->asked[a->count++];
	to->address = address;
	to->group = *g;
	to->group.targets = arena_view(&a->arena, r.m.routed.targets);
	why_set(&to->why, r.m.routed.verdict, r.m.routed.status,
	    r.m.routed.sentence);
	reply_free(&r);
	return true;
}

static bool
any_marked(const struct asking *a, const struct merge_group *g)
{
	for (uint32_t i = 0; i < g->members; i++)
		if (a->marked[g->member[i]] == MERGE_MARKED)
			return true;
	return false;
}

/* Where the group that begins here ends. */
static uint32_t
group_end(const struct mail *m, const struct asking *a, uint32_t at, uint32_t n)
{
	struct view original = mail_texts(m, a->order[at]).original;

	while (at < n && view_eq(mail_texts(m, a->order[at]).original,
	    original))
		at++;
	return at;
}

static void
ask_about_all(struct asking *a)
{
	struct mail *m = find(a->mail);
	uint32_t n, end;

	a->order = merge_sorted(m, &n, merge_by_original);
	for (uint32_t at = 0; at < n; at = end) {
		struct merge_group g = { .member = a->order + at };

		m = find(a->mail);
		if (m == NULL)
			return;
		end = group_end(m, a, at, n);
		g.members = end - at;
		if (any_marked(a, &g))
			ask_about(a, &g,
			    mail_texts(m, g.member[0]).original);
	}
}

static uint32_t
unmark(struct asking *a, const struct mail *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		if (a->marked[i] != 0 && !may_change(m, i))
			a->marked[i] = 0;
		n += a->marked[i] != 0;
	}
	return n;
}

/* A group of which nobody waits any more stays as it was. */
static struct mail *
change_all(struct asking *a, struct mail *m)
{
	struct merge_groups g = { xcalloc(a->count, sizeof(*g.at)), 0 };

	for (size_t i = 0; i < a->count; i++)
		if (a->asked[i].why.verdict == VERDICT_DONE &&
		    merge_is_list(a->asked[i].group.targets) &&
		    any_marked(a, &a->asked[i].group))
			g.at[g.n++] = a->asked[i].group;
	if (g.n > 0)
		m = change_groups(m, &g, a->marked);
	free(g.at);
	for (size_t i = 0; i < a->count; i++)
		if (a->asked[i].why.verdict == VERDICT_NEVER)
			refuse_marked(m, &a->asked[i], a->marked);
	return m;
}

/* There may be more recipients than when the asking began: not marked. */
static void
mark_none_of_new(struct asking *a, const struct mail *m)
{
	uint8_t *marked = xcalloc(m->nrcpt, 1);

	memcpy(marked, a->marked, a->n);
	a->marked = marked;
}

/* About the rest of a list there is nothing to ask: it is just tried. */
static void
set_aside(const struct mail *m, uint8_t *marked, uint32_t n)
{
	for (uint32_t i = 0; m != NULL && i < n; i++)
		if (marked[i] != 0 && split_is_rest(m, i))
			marked[i] = ASIDE;
}

uint32_t
requeue(uint64_t mail, uint8_t *marked, uint32_t n)
{
	struct asking a = { .mail = mail, .marked = marked, .n = n };
	struct mail *m;
	uint32_t count = 0;

	arena_init(&a.arena);
	set_aside(find(mail), marked, n);
	ask_about_all(&a);
	m = find(mail);
	if (m != NULL) {
		mark_none_of_new(&a, m);
		count = unmark(&a, m);
		m = change_all(&a, m);
		if (m->state == MAIL_QUEUED)
			make_due(m, a.marked, n);
		judge_progress(m);
		free(a.marked);
	}
	free(a.order);
	free(a.asked);
	arena_reset(&a.arena);
	return count;
}

/* ---- what goes elsewhere ---- */

/* A list that is none leaves all as it was, for another try a little later. */
void
requeue_forward(struct mail *m, uint32_t rcpt, struct view targets)
{
	struct merge_group group = { .member = &rcpt, .members = 1,
		.targets = targets };
	const struct merge_groups g = { &group, 1 };
	uint8_t *marked = xcalloc(m->nrcpt, 1);

	marked[rcpt] = MERGE_MARKED;
	if (merge_is_list(targets))
		m = change_groups(m, &g, marked);
	else
		m->rcpt[rcpt].due += FORWARD_S;
	free(marked);
	judge_progress(m);
}

/* ---- what is tried again ---- */

/* Only another hop: that need not be remembered. True when that was all. */
static bool
is_just_a_hop(struct mail *m, uint32_t rcpt, struct view targets)
{
	struct rcpt *r = &m->rcpt[rcpt];
	struct target t, more;

	if (!merge_next(&targets, &t) || merge_next(&targets, &more) ||
	    transport_named(t.transport) != TRANSPORT_SMTP ||
	    !view_eq(t.address, mail_texts(m, rcpt).address))
		return false;
	if (view_eq(t.destination, destination_hop(r->to)))
		return true;
	destination_drop(&r->to);
	r->to = destination_take(t.destination);
	relay_ready(m, rcpt);
	return true;
}

/* To be tried again there. */
static bool
is_again(const struct mail *m, uint32_t rcpt, const struct destination *d)
{
	return rcpt < m->nrcpt && m->rcpt[rcpt].state == RCPT_READY &&
	    m->rcpt[rcpt].transport == TRANSPORT_SMTP && m->rcpt[rcpt].to == d;
}

/* Each by itself; a router that hangs is asked no more. */
static void
ask_again(struct asking *a, const struct merge_group *all,
    const struct destination *d)
{
	int64_t until = deadline_in(ASK_MS);

	for (uint32_t i = 0; i < all->members; i++) {
		const struct merge_group one = { .member = all->member + i,
			.members = 1 };
		struct mail *m = find(a->mail);

		if (m == NULL)
			return;
		if (is_again(m, *one.member, d) && !ask_about(a, &one,
		    mail_texts(m, *one.member).address) &&
		    deadline_in(0) >= until)
			return;
	}
}

/* What router was asked about must still be what is to be tried. */
static void
go_elsewhere(struct asking *a, struct mail *m, const struct destination *d)
{
	for (size_t i = 0; i < a->count; i++) {
		struct asked *one = &a->asked[i];
		uint32_t r = one->group.member[0];

		if (one->why.verdict == VERDICT_DONE &&
		    merge_is_list(one->group.targets) && is_again(m, r, d) &&
		    view_eq(mail_texts(m, r).address, one->address) &&
		    !is_just_a_hop(m, r, one->group.targets))
			a->marked[r] = MERGE_MARKED;
		if (one->why.verdict == VERDICT_NEVER)
			one->why.verdict = VERDICT_LATER;
	}
	relay_ready_end();
}

void
requeue_retry(uint64_t mail, const uint32_t *rcpt, uint32_t n,
    const struct destination *d)
{
	const struct merge_group all = { .member = rcpt, .members = n };
	struct asking a = { .mail = mail };
	struct mail *m;

	arena_init(&a.arena);
	ask_again(&a, &all, d);
	m = find(mail);
	if (m != NULL) {
		a.marked = xcalloc(m->nrcpt, 1);
		go_elsewhere(&a, m, d);
		judge_progress(change_all(&a, m));
		free(a.marked);
	}
	free(a.asked);
	arena_reset(&a.arena);
}
