/* SPDX-License-Identifier: ISC */
/*
 * attempt - from READY to a verdict
 *
 * Each transport has a line of recipients that are ready and sends as many at
 * once as its program may have. A line holds ids and numbers, not pointers, so
 * a mail may vanish from the ledger at any time. A verdict moves the recipient,
 * writes a note and says one line to the log.
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "queue/attempt.h"
#include "queue/durable.h"
#include "queue/ledger.h"
#include "queue/line.h"
#include "queue/note.h"
#include "queue/report.h"
#include "queue/schedule.h"
#include "queue/table.h"
#include "queue/trail.h"
#include "queue/transport.h"

#define TRIES_LEAST	3	/* before age alone can end it: clocks jump */
#define FAILING_MS	1000	/* look again whether the journal works */

struct flight {
	uint64_t key;		/* first: struct table wants it */
	struct waiting what;
	struct channel *to;
	uint8_t transport;
	int64_t began;		/* clock_wall_us() */
};

static struct {
	struct lines lines;
	uint32_t flying;
} ways[TRANSPORT_COUNT];
static struct table flights;
static bool kicked;
static struct loop_timer *failing_timer;

/* ---- what comes of an attempt ---- */

void
attempt_progress(struct mail *m)
{
	if (m->state != MAIL_QUEUED)
		return;
	if (ledger_is_settled(m)) {
		schedule_remove(m);
		durable_finish(m);
		return;
	}
	if (m->busy == 0) {
		schedule_put(m);
		report_consider(m);
	}
}

/* The relay may be one that the old reason has. */
static void
remember(struct rcpt *r, const struct outcome *o)
{
	struct reason *old = r->why;

	r->why = reason_take(view_of(o->why.status), view_of(o->why.text),
	    o->relay);
	reason_drop(&old);
}

static void
never(struct mail *m, uint32_t rcpt)
{
	ledger_move(m, rcpt, RCPT_FAILED);
	if (mail_wants(m, rcpt, NOTIFY_FAILURE))
		return;
	if (mail_sender(m).n == 0) {
		char id[SPOOL_ID_SIZE];

		log_warning(spool_id(m->id, id), "undeliverable to %s, and "
		    "there is no sender to tell: dropped",
		    log_quote(mail_texts(m, rcpt).address));
	}
	ledger_move(m, rcpt, RCPT_SETTLED);
}

static void
done(struct mail *m, uint32_t rcpt)
{
	ledger_move(m, rcpt, mail_wants(m, rcpt, NOTIFY_SUCCESS) ? RCPT_DONE :
	    RCPT_SETTLED);
}

/* Old enough to be given up: the sentence says so. */
static bool
is_expired(const struct mail *m, uint32_t rcpt, struct why *w)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" },
		{ 1, "seconds" } };
	const struct settings *s = service_settings();
	int64_t age = (int64_t)schedule_now() - mail_begin(m);
	int64_t most = mail_sender(m).n > 0 ? s->queue_lifetime :
	    s->bounce_lifetime;
	struct why last = *w;
	size_t u = 0;

	if (age < most || m->rcpt[rcpt].tries < TRIES_LEAST)
		return false;
	while (u + 1 < nitems(units) && most < 2 * units[u].seconds)
		u++;
	why_never(w, "4.7", "Gave up after %lld %s: %s",
	    (long long)(most / units[u].seconds), units[u].name, last.text);
	return true;
}

/* The time that the sender set is over (RFC 2852), and he wants it back. */
static bool
is_overdue(const struct mail *m)
{
	return (m->by_mode & BY_MODE) == BY_RETURN &&
	    mail_by(m) <= schedule_now();
}

static void
overdue(struct why *w)
{
	struct why last = *w;

	why_never(w, "4.7", "Not delivered by the time that the sender set%s%s",
	    last.text[0] != '\0' ? ": " : "", last.text);
}

static void
consider_warning(struct mail *m, uint32_t rcpt)
{
	int64_t after = service_settings()->delay_warning;
	int64_t age = (int64_t)schedule_now() - mail_begin(m);

	if (after > 0 && age >= after && !m->warned &&
	    mail_wants(m, rcpt, NOTIFY_DELAY))
		m->warn = true;
}

/* Trouble of the house itself (X.3.Z) is over within seconds, mostly: tries
 * begin again after one second. Elsewhere it takes longer. */
static void
later(struct mail *m, uint32_t rcpt, const struct why *w)
{
	const struct settings *s = service_settings();
	struct rcpt *r = &m->rcpt[rcpt];
	bool own = w->status[0] == '3' &&
	    transports[r->transport].role == ROLE_LOCAL;

	r->due = schedule_now() + schedule_wait(r->tries,
	    own ? 1 : (uint32_t)s->retry_first, (uint32_t)s->retry_most,
	    arc4random());
	ledger_move(m, rcpt, RCPT_WAITING);
	consider_warning(m, rcpt);
}

static void
judge(struct mail *m, uint32_t rcpt, struct outcome *o)
{
	struct rcpt *r = &m->rcpt[rcpt];
	struct why *w = &o->why;

	if (r->tries < UINT16_MAX)
		r->tries++;
	if (w->verdict == VERDICT_LATER && is_overdue(m))
		overdue(w);
	else if (w->verdict == VERDICT_LATER)
		is_expired(m, rcpt, w);
	trail_verdict(m, rcpt, o);
	if (w->verdict != VERDICT_DONE || r->notify & NOTIFY_SUCCESS)
		remember(r, o);
	if (w->verdict == VERDICT_DONE)
		done(m, rcpt);
	else if (w->verdict == VERDICT_NEVER)
		never(m, rcpt);
	else
		later(m, rcpt, w);
	/* that it is done counts only with content that is safe */
	if (w->verdict == VERDICT_DONE && m->soft)
		m->unsaid = true;
	else
		note_verdict(durable_notes(), m, rcpt);
	attempt_progress(m);
}

/* ---- sending ---- */

/* Tags are unique in a channel, process numbers in the house. */
static uint64_t
key_of(struct channel *c, uint32_t tag)
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
attempt_verdict(struct channel *c, uint32_t tag, struct msg_verdict *v)
{
	struct flight *f = table_find(&flights, key_of(c, tag));
	struct outcome o = { .relay = v->relay };
	struct mail *m;

	if (f == NULL || f->to != c || f->what.mail != v->mail ||
	    f->what.rcpt != v->rcpt) {
		log_error("attempt", "verdict from %s without an attempt",
		    role_name(channel_peer(c)->role));
		return;
	}
	why_set(&o.why, v->verdict == VERDICT_DONE || v->verdict == VERDICT_NEVER ?
	    v->verdict : VERDICT_LATER,
	    is_status(v->status) ? v->status : VIEW_LIT("0.0"), v->sentence);
	m = ledger_find(v->mail);
	o.began = f->began;
	if (m != NULL && m->state == MAIL_QUEUED)
		judge(m, v->rcpt, &o);
	ways[f->transport].flying--;
	table_remove(&flights, f->key);
	free(f);
	attempt_kick();
}

static void
send_attempt(struct channel *to, struct mail *m, uint32_t rcpt)
{
	struct rcpt *r = &m->rcpt[rcpt];
	struct rcpt_texts t = mail_texts(m, rcpt);
	struct flight *f = xmalloc(sizeof(*f));
	struct message a = { .type = MSG_attempt, .tag = channel_tag(to),
		.attempt = { .mail = m->id, .rcpt = rcpt,
		    .sender = mail_sender(m), .original = t.original,
		    .destination = t.destination, .address = t.address,
		    .size = m->size, .skip = m->skip,
		    .arrival = mail_arrival(m), .again = r->again } };

	*f = (struct flight){ .key = key_of(to, a.tag), .what = { m->id, rcpt },
		.to = to, .transport = r->transport,
		.began = clock_wall_us() };
	table_add(&flights, f);
	ways[r->transport].flying++;
	ledger_move(m, rcpt, RCPT_TRYING);
	r->again = true;
	channel_send(to, &a);
}

static void
nobody_there(struct mail *m, uint32_t rcpt, const char *missing)
{
	struct outcome o = { .relay = VIEW_NONE };

	why_later(&o.why, "4.1", "%s", missing);
	ledger_move(m, rcpt, RCPT_TRYING);
	judge(m, rcpt, &o);
}

static void
run_line(uint8_t transport)
{
	struct lines *l = &ways[transport].lines;
	const struct transport *t = &transports[transport];
	struct channel *to = t->role ? service_peer(t->role, 0) : NULL;

	while (l->n > 0 && (to != NULL || t->missing != NULL) &&
	    ways[transport].flying < service_settings()->local_deliveries) {
		struct waiting r = lines_take(l);
		struct mail *m = ledger_find(r.mail);

		if (m == NULL || m->state != MAIL_QUEUED ||
		    m->rcpt[r.rcpt].state != RCPT_READY)
			continue;
		if (is_overdue(m))
			nobody_there(m, r.rcpt, "it waited for its turn");
		else if (to != NULL)
			send_attempt(to, m, r.rcpt);
		else
			nobody_there(m, r.rcpt, t->missing);
	}
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

/* ---- becoming ready ---- */

static void
make_ready(struct mail *m, uint32_t rcpt)
{
	unsigned level = m->priority > 0 ? m->priority : PRIORITY_USUAL;

	ledger_move(m, rcpt, RCPT_READY);
	lines_put(&ways[m->rcpt[rcpt].transport].lines, level,
	    (struct waiting){ m->id, rcpt });
	attempt_kick();
}

/* Nothing was tried, it just became late. */
static void
give_up(struct mail *m, uint32_t rcpt)
{
	const struct reason *last = m->rcpt[rcpt].why;
	struct outcome o = { .relay = reason_relay(last) };

	why_set(&o.why, VERDICT_LATER, reason_status(last),
	    reason_sentence(last));
	overdue(&o.why);
	trail_verdict(m, rcpt, &o);
	remember(&m->rcpt[rcpt], &o);
	never(m, rcpt);
	note_verdict(durable_notes(), m, rcpt);
}

/* The time that the sender set is over: give up, or tell him. */
static void
consider_by(struct mail *m)
{
	if (m->by_mode == 0 || mail_by(m) > schedule_now())
		return;
	m->late = (m->by_mode & BY_MODE) == BY_NOTIFY;
	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (is_overdue(m) && m->rcpt[i].state == RCPT_WAITING)
			give_up(m, i);
	attempt_progress(m);
}

void
attempt_due(struct mail *m)
{
	uint32_t now = schedule_now();

	consider_by(m);
	if (m->state != MAIL_QUEUED)
		return;
	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (m->rcpt[i].state == RCPT_WAITING && m->rcpt[i].due <= now)
			make_ready(m, i);
	schedule_put(m);
}

uint32_t
attempt_flush(struct mail *m, const struct flush *f)
{
	uint32_t n = 0, now = schedule_now();

	for (uint32_t i = 0; i < m->nrcpt; i++) {
		if (m->rcpt[i].state != RCPT_WAITING ||
		    (!f->held && mail_is_held(m, i, now)) ||
		    (f->wants != NULL && !f->wants(f->arg, m, i)))
			continue;
		make_ready(m, i);
		n++;
	}
	schedule_put(m);
	return n;
}

static void
broke(struct flight *f)
{
	struct mail *m = ledger_find(f->what.mail);
	struct outcome o = { .relay = VIEW_NONE, .began = f->began };

	why_later(&o.why, "3.0", "the %s program ended during the delivery",
	    transports[f->transport].name);
	if (m != NULL && m->state == MAIL_QUEUED)
		judge(m, f->what.rcpt, &o);
	ways[f->transport].flying--;
	free(f);
}

void
attempt_closed(struct channel *c)
{
	struct flight **lost = xcalloc(flights.count, sizeof(*lost)), *f;
	size_t n = 0;

	for (size_t at = 0; (f = table_next(&flights, &at)) != NULL;)
		if (f->to == c)
			lost[n++] = f;
	for (size_t i = 0; i < n; i++)
		table_remove(&flights, lost[i]->key);
	for (size_t i = 0; i < n; i++)
		broke(lost[i]);
	free(lost);
}

bool
attempt_is_idle(void)
{
	return flights.count == 0;
}
