/* SPDX-License-Identifier: ISC */
/*
 * attempt - from READY to a verdict, for transports without destinations
 *
 * Each transport has a line of recipients that are ready and sends as many at
 * once as its program may have. A line holds ids and numbers, not pointers, so
 * a mail may vanish from the ledger at any time. What is for other hosts goes
 * by queue/relay.c.
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "queue/attempt.h"
#include "queue/durable.h"
#include "queue/judge.h"
#include "queue/kept.h"
#include "queue/ledger.h"
#include "queue/line.h"
#include "queue/requeue.h"
#include "queue/schedule.h"
#include "queue/share.h"
#include "queue/table.h"
#include "queue/transport.h"

#define SHARES		4	/* of command_deliveries: one for each command */
#define FAILING_MS	1000	/* look again whether the journal works */

struct flight {
	uint64_t key;		/* first: struct table wants it */
	struct waiting what;
	struct channel *to;
	uint8_t transport;
	struct share *share;	/* outside of the store, else NULL */
	int64_t began;		/* clock_wall_us() */
};

static struct {
	struct lines lines;
	uint32_t flying;
} ways[TRANSPORT_COUNT];
static struct table flights;
static bool kicked;
static struct loop_timer *failing_timer;

/* Tags are unique in a channel, process numbers in the house. */
uint64_t
attempt_key(struct channel *c, uint32_t tag)
{
	return (uint64_t)channel_peer(c)->process << 32 | tag;
}

static bool
is_status(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_digit(v.p[i]) && v.p[i] != '.')
			return false;
	return v.n >= 3 && v.n < 8;
}

void
attempt_read(const struct msg_verdict *v, struct outcome *o)
{
	bool sure = v->verdict == VERDICT_DONE || v->verdict == VERDICT_NEVER;

	*o = (struct outcome){ .relay = v->relay, .reply = v->reply,
		.dsn = v->dsn != 0, .random = arc4random() };
	why_set(&o->why, sure ? v->verdict : VERDICT_LATER,
	    is_status(v->status) ? v->status : VIEW_LIT("0.0"), v->sentence);
}

static void
land(struct flight *f)
{
	ways[f->transport].flying--;
	if (f->share != NULL)
		share_give(&f->share, &ways[f->transport].lines);
	free(f);
}

static struct flight *
find_flight(struct channel *c, uint32_t tag, uint64_t mail, uint32_t rcpt)
{
	struct flight *f = table_find(&flights, attempt_key(c, tag));

	if (f != NULL && f->to == c && f->what.mail == mail &&
	    f->what.rcpt == rcpt)
		return f;
	log_error("attempt", "verdict from %s without an attempt",
	    role_name(channel_peer(c)->role));
	return NULL;
}

/* The recipient waits until the change is made, which is at once. */
void
attempt_forward(struct channel *c, uint32_t tag, struct msg_forward *v)
{
	struct flight *f = find_flight(c, tag, v->mail, v->rcpt);
	struct mail *m = ledger_find(v->mail);

	if (f == NULL)
		return;
	if (m != NULL && m->state == MAIL_QUEUED &&
	    m->rcpt[v->rcpt].state == RCPT_TRYING) {
		m->rcpt[v->rcpt].due = schedule_now();
		ledger_move(m, v->rcpt, RCPT_WAITING);
		requeue_forward(m, v->rcpt, v->targets);
	}
	table_remove(&flights, f->key);
	land(f);
	attempt_kick();
}

/* X.3.Z is trouble of the house itself, but for what commands say. */
void
attempt_verdict(struct channel *c, uint32_t tag, struct msg_verdict *v)
{
	struct flight *f = find_flight(c, tag, v->mail, v->rcpt);
	struct mail *m;
	struct outcome o;

	if (f == NULL)
		return;
	attempt_read(v, &o);
	o.own = o.why.status[0] == '3' && !transports[f->transport].outside;
	m = ledger_find(v->mail);
	o.began = f->began;
	if (m != NULL && m->state == MAIL_QUEUED &&
	    m->rcpt[v->rcpt].state == RCPT_TRYING)
		judge(m, v->rcpt, &o);
	table_remove(&flights, f->key);
	land(f);
	attempt_kick();
}

/* What goes along, for a mailbox; a second try is held against the file. */
static struct view
octets_for(const struct mail *m, const struct rcpt *r)
{
	if (r->transport != TRANSPORT_LOCAL)
		return VIEW_NONE;
	if (!r->again)
		return kept_octets(m->id);
	(void)kept_write(m->id);
	return VIEW_NONE;
}

/* Takes share, which may be NULL. */
static void
send_attempt(struct channel *to, struct mail *m, uint32_t rcpt,
    struct share *share)
{
	struct rcpt *r = &m->rcpt[rcpt];
	struct rcpt_texts t = mail_texts(m, rcpt);
	struct flight *f = xmalloc(sizeof(*f));
	struct message a = { .type = MSG_attempt, .tag = channel_tag(to),
		.attempt = { .mail = m->id, .rcpt = rcpt,
		    .sender = mail_sender(m), .original = t.original,
		    .transport = view_of(transports[r->transport].name),
		    .destination = t.destination, .address = t.address,
		    .notify = r->notify,
		    .size = m->size, .skip = m->skip,
		    .arrival = mail_arrival(m), .again = r->again,
		    .content = octets_for(m, r) } };

	*f = (struct flight){ .key = attempt_key(to, a.tag), .what = { m->id, rcpt },
		.to = to, .transport = r->transport, .share = share,
		.began = clock_wall_us() };
	table_add(&flights, f);
	ways[r->transport].flying++;
	ledger_move(m, rcpt, RCPT_TRYING);
	r->again = true;
	channel_send(to, &a);
}

void
attempt_nobody(struct mail *m, uint32_t rcpt, const char *missing)
{
	struct outcome o = { .random = arc4random() };

	why_later(&o.why, "4.1", "%s", missing);
	ledger_move(m, rcpt, RCPT_TRYING);
	judge(m, rcpt, &o);
}

static bool
has_room(uint8_t transport)
{
	const struct settings *s = service_settings();

	return ways[transport].flying < (transports[transport].outside ?
	    s->command_deliveries : s->local_deliveries);
}

/* Unless its command or file has its share of turns already. */
static void
begin(struct channel *to, struct mail *m, uint32_t rcpt)
{
	const struct rcpt *r = &m->rcpt[rcpt];
	uint64_t most = service_settings()->command_deliveries / SHARES;
	struct share *share = NULL;

	if (transports[r->transport].outside) {
		share = share_take(mail_texts(m, rcpt).destination,
		    most > 0 ? most : 1, (struct waiting){ m->id, rcpt },
		    level_of(m->priority, r->tries == 0));
		if (share == NULL)
			return;
	}
	send_attempt(to, m, rcpt, share);
}

static bool
is_ready(const struct mail *m, uint32_t rcpt, uint8_t transport)
{
	return m != NULL && m->state == MAIL_QUEUED &&
	    m->rcpt[rcpt].state == RCPT_READY &&
	    m->rcpt[rcpt].transport == transport;
}

static void
run_line(uint8_t transport)
{
	struct lines *l = &ways[transport].lines;
	const struct transport *t = &transports[transport];
	struct channel *to = t->role ? service_peer(t->role, 0) : NULL;
	bool vanished = false;

	while (l->n > 0 && (to != NULL || t->missing != NULL) &&
	    has_room(transport)) {
		struct waiting r = lines_take(l);
		struct mail *m = ledger_find(r.mail);

		if (!is_ready(m, r.rcpt, transport))
			vanished = true;
		else if (judge_is_overdue(m))
			attempt_nobody(m, r.rcpt, "it waited for its turn");
		else if (to != NULL)
			begin(to, m, r.rcpt);
		else
			attempt_nobody(m, r.rcpt, t->missing);
	}
	if (vanished && t->outside && share_wake(l))
		attempt_kick();
}

static void
look_again(void *unused)
{
	(void)unused;
	loop_timer_free(&failing_timer);
	attempt_kick();
}

static void
run(void *unused)
{
	(void)unused;
	kicked = false;
	if (service_stopping())
		return;
	if (durable_is_failing()) {
		if (failing_timer == NULL)
			failing_timer = loop_timer_new(FAILING_MS, look_again,
			    NULL);
		return;
	}
	for (uint8_t i = 0; i < TRANSPORT_COUNT; i++)
		run_line(i);
}

void
attempt_kick(void)
{
	if (!kicked)
		loop_defer(run, NULL);
	kicked = true;
}

void
attempt_ready(struct mail *m, uint32_t rcpt)
{
	const struct rcpt *r = &m->rcpt[rcpt];

	lines_put(&ways[r->transport].lines,
	    level_of(m->priority, r->tries == 0),
	    (struct waiting){ m->id, rcpt });
	attempt_kick();
}

static void
broke(struct flight *f)
{
	struct mail *m = ledger_find(f->what.mail);
	struct outcome o = { .began = f->began, .own = true,
		.random = arc4random() };

	why_later(&o.why, "3.0", "the %s program ended during the delivery",
	    role_name(transports[f->transport].role));
	if (m != NULL && m->state == MAIL_QUEUED &&
	    m->rcpt[f->what.rcpt].state == RCPT_TRYING)
		judge(m, f->what.rcpt, &o);
	land(f);
}

static bool
is_to(const void *flight, const void *c)
{
	return ((const struct flight *)flight)->to == c;
}

void
attempt_closed(struct channel *c)
{
	size_t n;
	void **lost = table_take(&flights, is_to, c, &n);

	for (size_t i = 0; i < n; i++)
		broke(lost[i]);
	free(lost);
}

bool
attempt_is_idle(void)
{
	return flights.count == 0;
}
