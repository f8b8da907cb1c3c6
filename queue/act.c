/* SPDX-License-Identifier: ISC */
/*
 * act - one walk over the queue for each queue_act
 *
 * It runs in a fiber and lets others have their turn: a million recipients must
 * not stop the queue, and a list of them not fill memory. What the walk meets
 * is what was there when it began and is still there. A change is answered
 * when it is durable. Of a recipient that is being tried at this moment the
 * verdict counts.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/hop.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "queue/act.h"
#include "queue/age.h"
#include "queue/alter.h"
#include "queue/content.h"
#include "queue/durable.h"
#include "queue/kept.h"
#include "queue/ledger.h"
#include "queue/match.h"
#include "queue/schedule.h"
#include "queue/segments.h"
#include "queue/story.h"
#include "queue/transport.h"

#define BACKLOG		(256u * 1024)	/* wait for the reader beyond it */
#define WAIT_MS		5
#define AT_ONCE		1000		/* mails, then others have their turn */
#define DURABLE_MS	30000

struct act {
	LIST_ENTRY(act) entry;
	struct channel *from;	/* NULL: gone */
	uint32_t tag;
	struct match match;
	uint32_t mails, recipients;
	uint64_t octets;
};

static LIST_HEAD(, act) acts = LIST_HEAD_INITIALIZER(acts);

/* ---- list ---- */

/* The queue that Postfix would have it in. */
static struct view
queue_of(const struct mail *m)
{
	bool waits = false;

	for (uint32_t i = 0; i < m->nrcpt; i++) {
		const char *state = match_state(m, i);

		if (m->rcpt[i].state == RCPT_SETTLED)
			continue;
		if (strcmp(state, "active") == 0 ||
		    strcmp(state, "reporting") == 0)
			return VIEW_LIT("active");
		waits = waits || strcmp(state, "deferred") == 0;
	}
	return waits ? VIEW_LIT("deferred") : VIEW_LIT("hold");
}

/* The common part of a mail's items. */
static struct msg_queue_item
item_of(const struct mail *m)
{
	return (struct msg_queue_item){ .mail = m->id, .queue = queue_of(m),
		.sender = mail_sender(m), .size = m->size, .body = m->body,
		.arrival = mail_arrival(m), .hold = mail_hold(m),
		.by = mail_by(m), .by_mode = m->by_mode,
		.priority = m->priority, .tls = m->tls, .ret = m->ret,
		.envid = mail_envid(m) };
}

static void
put_rcpt(struct msg_queue_item *item, const struct mail *m, uint32_t rcpt)
{
	const struct rcpt *r = &m->rcpt[rcpt];
	const struct rcpt_texts t = mail_texts(m, rcpt);

	item->rcpt = rcpt;
	item->original = t.original;
	item->address = t.address;
	item->transport = view_of(transports[r->transport].name);
	item->destination = match_destination(m, rcpt);
	item->orcpt = t.orcpt;
	item->notify = r->notify;
	item->tries = r->tries;
	item->tried = r->tried;
	item->state = view_of(match_state(m, rcpt));
	item->frozen = mail_is_frozen(m, rcpt);
	item->next = r->state == RCPT_WAITING && !item->frozen ? r->due : 0;
	item->until = item->frozen ? 0 : age_until(m);
	item->status = reason_status(r->why);
	item->sentence = reason_sentence(r->why);
	item->relay = reason_relay(r->why);
	item->reply = reason_reply(r->why);
}

static uint32_t
list(struct act *a, const struct mail *m)
{
	struct message item = { .type = MSG_queue_item, .tag = a->tag };
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->nrcpt && a->from != NULL; i++) {
		if (!match_rcpt(&a->match, m, i))
			continue;
		if (n++ == 0)
			item.queue_item = item_of(m);
		put_rcpt(&item.queue_item, m, i);
		channel_send(a->from, &item);
	}
	return n;
}

/* Those whose content is not as it was taken in. */
static uint32_t
check(struct act *a, const struct mail *m)
{
	return kept_octets(m->id).n == m->size ||
	    content_is_whole(m->id, m->size) ? 0 : list(a, m);
}

/* ---- the walk ---- */

enum { ACTION_LIST = 1, ACTION_DELETE = 5, ACTION_REROUTE = 7,
	ACTION_CHECK };
static const struct {
	/* queue/alter.h; NULL: list or check */
	uint32_t (*run)(const struct match *f, struct mail *m);
	bool writes;
	const char *done;	/* for history; NULL: nothing */
} actions[] = {
	[ACTION_LIST] = { NULL, false, NULL },
	[2] = { alter_flush, false, "flushed" },
	[3] = { alter_hold, true, "held" },
	[4] = { alter_release, true, "released" },
	[ACTION_DELETE] = { alter_delete, true, "deleted" },
	[6] = { alter_requeue, true, "requeued" },
	[ACTION_REROUTE] = { alter_reroute, true, "rerouted" },
	[ACTION_CHECK] = { NULL, false, NULL },
};

static int
by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The ids of those that match now, sorted; the array is the caller's. */
static uint64_t *
collect(const struct match *f, size_t *n)
{
	uint64_t *ids;
	struct mail *m;

	*n = 0;
	if (f->said.mail != 0) {
		ids = xcalloc(1, sizeof(*ids));
		ids[(*n)++] = f->said.mail;
		return ids;
	}
	ids = xcalloc(ledger_count() + 1, sizeof(*ids));
	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		if (m->state == MAIL_QUEUED)
			ids[(*n)++] = m->id;
	qsort(ids, *n, sizeof(*ids), by_id);
	return ids;
}

/* Of a mail that may be finished by now; left: what it had before. */
static void
tell(const struct act *a, uint64_t id, uint32_t n, uint32_t left)
{
	const char *done = actions[a->match.said.action].done;

	if (done != NULL)
		story_changed(id, n < left && a->match.said.action ==
		    ACTION_DELETE ? "partly deleted" : done, n);
}

static void
visit(struct act *a, uint64_t id)
{
	struct mail *m = ledger_find(id);
	uint32_t n, left;
	uint64_t size;
	uint8_t action;

	if (m == NULL || m->state != MAIL_QUEUED || !match_mail(&a->match, m))
		return;
	action = a->match.said.action;
	size = m->size;
	left = m->unsettled;
	n = action == ACTION_LIST ? list(a, m) :
	    action == ACTION_CHECK ? check(a, m) :
				     actions[action].run(&a->match, m);
	a->recipients += n;
	if (n > 0) {
		a->mails++;
		a->octets += size;
		tell(a, id, n, left);
	}
}

/* A reader that is slower than we are is waited for. */
static void
give_way(struct act *a, size_t i)
{
	bool cancelled = false;

	if (i % AT_ONCE == AT_ONCE - 1)
		cancelled = fiber_sleep(0) == WAIT_CANCELLED;
	while (a->from != NULL && !cancelled &&
	    channel_backlog(a->from) > BACKLOG)
		cancelled = fiber_sleep(WAIT_MS) == WAIT_CANCELLED;
	if (cancelled)
		a->from = NULL;
}

static void
answer(struct act *a)
{
	uint8_t action = a->match.said.action;
	struct message end = { .type = MSG_queue_end, .tag = a->tag,
		.queue_end = { a->mails, a->octets, segments_hurt() } };
	struct message acted = { .type = MSG_queue_acted, .tag = a->tag,
		.queue_acted = { a->mails, a->recipients } };
	bool durable = !actions[action].writes || a->recipients == 0 ||
	    durable_wait(deadline_in(DURABLE_MS)) == WAIT_READY;
	struct why w;

	if (a->from == NULL)
		return;
	if (durable) {
		channel_send(a->from,
		    actions[action].run == NULL ? &end : &acted);
		return;
	}
	why_later(&w, "3.0", "The journal cannot be written now");
	channel_answer(a->from, a->tag, &w);
}

static void
run(void *arg)
{
	struct act *a = arg;
	size_t n;
	uint64_t *ids = collect(&a->match, &n);

	for (size_t i = 0; i < n && a->from != NULL; i++) {
		visit(a, ids[i]);
		give_way(a, i);
	}
	free(ids);
	answer(a);
	LIST_REMOVE(a, entry);
	match_free(&a->match);
	free(a);
}

/* To reroute: the hop in its canonical form. */
static bool
is_possible(struct msg_queue_act *m, struct str *hop, struct why *w)
{
	struct arena arena;
	struct hop h;
	bool is;

	if (m->action == 0 || m->action >= nitems(actions))
		return why_never(w, "5.1", "The queue has no action %u",
		    m->action);
	if (m->action != ACTION_REROUTE)
		return true;
	arena_init(&arena);
	is = hop_parse(m->hop, &arena, &h, w);
	if (is)
		hop_write(&h, hop);
	m->hop = str_view(hop);
	arena_reset(&arena);
	return is;
}

void
act_begin(struct channel *c, uint32_t tag, struct msg_queue_act *m)
{
	struct str hop = { 0 };
	struct act *a;
	struct why w;

	if (!is_possible(m, &hop, &w)) {
		channel_answer(c, tag, &w);
	} else {
		a = xcalloc(1, sizeof(*a));
		a->from = c;
		a->tag = tag;
		match_set(&a->match, m);
		LIST_INSERT_HEAD(&acts, a, entry);
		fiber_start(run, a);
	}
	str_free(&hop);
}

void
act_closed(struct channel *c)
{
	struct act *a;

	LIST_FOREACH(a, &acts, entry)
		if (a->from == c)
			a->from = NULL;
}
