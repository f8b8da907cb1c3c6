/* SPDX-License-Identifier: ISC */
/*
 * relay - from READY to a verdict, by way of destinations
 *
 * What queue/destination.c says may go now is sent: one mail, one next host, up
 * to a hundred recipients, as one message and one transaction. smtp answers with
 * a verdict for each recipient and then says how the next host is, which decides
 * what the others for it may expect. A job holds ids and numbers, not pointers,
 * so a mail may vanish from the ledger at any time.
 */
#include <errno.h>
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
#include "queue/relay.h"
#include "queue/requeue.h"
#include "queue/schedule.h"
#include "queue/table.h"

#define RCPTS_MOST	100	/* in one transaction */
#define RCPTS_OCTETS	(128u * 1024)
#define JOBS_AT_ONCE	500	/* then others have their turn */
#define FAILING_MS	1000	/* look again whether the journal works */

/* A transaction that smtp has. */
struct flight {
	uint64_t key;		/* first: struct table wants it */
	uint64_t mail;
	struct channel *to;
	struct destination *dest;	/* held */
	int64_t began;		/* clock_wall_us() */
	int64_t began_ms;	/* clock_ms() */
	uint32_t random;	/* they wait together, if they have to */
	uint32_t n, left;
	uint32_t rcpt[];	/* UINT32_MAX: has its verdict */
};

static struct table flights;
static bool kicked;
static struct loop_timer *timer;

/* ---- becoming ready ---- */

void
relay_ready(struct mail *m, uint32_t rcpt)
{
	const struct rcpt *r = &m->rcpt[rcpt];
	const struct job like = { .mail = m->id,
		.level = (uint8_t)level_of(m->priority, r->tries == 0),
		.retry = r->tries > 0 };

	destination_add(r->to, &like, rcpt);
}

void
relay_ready_end(void)
{
	if (destination_close())
		relay_kick();
}

/* The same by the clock of the schedule, never too early. */
static uint32_t
due_of(int64_t until)
{
	return schedule_now() + (uint32_t)((until - clock_ms()) / 1000 + 1);
}

bool
relay_put_off(struct mail *m, uint32_t rcpt)
{
	const struct destination *d = m->rcpt[rcpt].to;
	int64_t until = d != NULL ? destination_until(d, clock_ms()) : 0;

	return until > 0 &&
	    judge_put_off(m, rcpt, destination_trouble(d), due_of(until));
}

/* ---- what comes of it ---- */

static void
judge_one(const struct flight *f, uint32_t rcpt, struct outcome *o)
{
	struct mail *m = ledger_find(f->mail);

	o->began = f->began;
	o->random = f->random;
	if (m != NULL && m->state == MAIL_QUEUED && rcpt < m->nrcpt &&
	    m->rcpt[rcpt].state == RCPT_TRYING)
		judge(m, rcpt, o);
}

static struct flight *
find_flight(struct channel *c, uint32_t tag, uint64_t mail)
{
	struct flight *f = table_find(&flights, attempt_key(c, tag));

	return f != NULL && f->to == c && f->mail == mail ? f : NULL;
}

void
relay_verdict(struct channel *c, uint32_t tag, struct msg_verdict *v)
{
	struct flight *f = find_flight(c, tag, v->mail);
	struct outcome o;
	uint32_t i = 0;

	while (f != NULL && i < f->n && f->rcpt[i] != v->rcpt)
		i++;
	if (f == NULL || i == f->n || v->rcpt == UINT32_MAX) {
		log_error("relay", "verdict from smtp without a transaction");
		return;
	}
	f->rcpt[i] = UINT32_MAX;
	f->left--;
	attempt_read(v, &o);
	judge_one(f, v->rcpt, &o);
}

/* Those that have no verdict get this one. */
static void
flight_end(struct flight *f, const char *missing)
{
	for (uint32_t i = 0; f->left > 0 && i < f->n; i++) {
		struct outcome o = { .own = true };

		why_later(&o.why, "3.0", "%s", missing);
		if (f->rcpt[i] != UINT32_MAX)
			judge_one(f, f->rcpt[i], &o);
	}
	destination_end(f->dest);
	destination_drop(&f->dest);
	free(f);
	relay_kick();
}

void
relay_sent(struct channel *c, uint32_t tag, struct msg_sent *s)
{
	struct flight *f = find_flight(c, tag, s->mail);
	struct news news = { .contact = s->contact,
		.now = clock_ms(), .random = arc4random(),
		.sentence = s->sentence };

	if (f == NULL) {
		log_error("relay", "smtp ended a transaction that it has not");
		return;
	}
	table_remove(&flights, f->key);
	news.began = f->began_ms;
	destination_learn(f->dest, &news);
	flight_end(f, "the smtp program said nothing about the recipient");
}

static bool
is_to(const void *flight, const void *c)
{
	return ((const struct flight *)flight)->to == c;
}

void
relay_closed(struct channel *c)
{
	size_t n;
	void **lost = table_take(&flights, is_to, c, &n);

	for (size_t i = 0; i < n; i++)
		flight_end(lost[i],
		    "the smtp program ended during the transaction");
	free(lost);
}

bool
relay_is_idle(void)
{
	return flights.count == 0;
}

/* ---- sending ---- */

static bool
is_ready(const struct mail *m, uint32_t rcpt, const struct destination *d)
{
	return rcpt < m->nrcpt && m->rcpt[rcpt].state == RCPT_READY &&
	    m->rcpt[rcpt].to == d;
}

static void
put_recipient(struct str *list, const struct mail *m, uint32_t rcpt)
{
	struct rcpt_texts t = mail_texts(m, rcpt);
	const char notify = (char)m->rcpt[rcpt].notify;

	list_put_u32(list, rcpt);
	list_put(list, t.address);
	list_put(list, t.original);
	list_put(list, view_bytes(&notify, 1));
	list_put(list, t.orcpt);
}

/* The next recipients of a job; false: there are none left. */
static struct flight *
take_recipients(struct job *j, struct mail *m, struct destination *d,
    struct str *list)
{
	struct flight *f = xcalloc(1, sizeof(*f) + RCPTS_MOST *
	    sizeof(f->rcpt[0]));
	uint32_t end = j->retry ? j->asked : j->n;

	while (j->at < end && f->n < RCPTS_MOST && list->n < RCPTS_OCTETS) {
		uint32_t i = j->rcpt[j->at++];

		if (!is_ready(m, i, d))
			continue;
		if (judge_is_overdue(m)) {
			attempt_nobody(m, i, "it waited for its turn");
			continue;
		}
		put_recipient(list, m, i);
		ledger_move(m, i, RCPT_TRYING);
		m->rcpt[i].again = true;
		f->rcpt[f->n++] = i;
	}
	return f;
}

static struct message
message_of(const struct mail *m, const struct destination *d)
{
	return (struct message){ .type = MSG_send, .send = {
		.mail = m->id, .hop = destination_hop(d),
		.sender = mail_sender(m), .size = m->size, .skip = m->skip,
		.body = m->body, .ret = m->ret, .envid = mail_envid(m),
		.by = mail_by(m), .by_mode = m->by_mode,
		.priority = m->priority, .tls = m->tls,
		.arrival = mail_arrival(m) } };
}

static void
send_job(struct channel *to, struct job *j, struct destination *d,
    struct mail *m)
{
	static struct str list;
	struct message msg = message_of(m, d);
	struct flight *f;

	str_reset(&list);
	f = take_recipients(j, m, d, &list);
	if (f->n == 0) {
		free(f);
		return;
	}
	f = xrealloc(f, sizeof(*f) + f->n * sizeof(f->rcpt[0]));
	msg.tag = channel_tag(to);
	msg.send.recipients = str_view(&list);
	msg.send.content = kept_open(m->id);
	f->key = attempt_key(to, msg.tag);
	f->mail = m->id;
	f->to = to;
	f->dest = destination_hold(d);
	f->began = clock_wall_us();
	f->began_ms = clock_ms();
	f->random = arc4random();
	f->left = f->n;
	destination_begin(d, f->began_ms);
	if (msg.send.content < 0) {
		flight_end(f, "its content cannot be opened");
		return;
	}
	destination_count(d, f->began_ms);
	table_add(&flights, f);
	channel_send(to, &msg);
}

/* What has its turn now: about so many router has to be asked, so many are put
 * off. */
static uint32_t
part_end(const struct job *j)
{
	return j->n - j->at < RCPTS_MOST ? j->n : j->at + RCPTS_MOST;
}

/* The next of a job get the same verdict without being tried. */
static void
refuse_part(struct job *j, struct destination *d, struct mail *m,
    const struct outcome *like)
{
	for (uint32_t end = part_end(j); j->at < end; j->at++) {
		struct outcome o = *like;
		uint32_t rcpt = j->rcpt[j->at];

		if (m->state != MAIL_QUEUED || !is_ready(m, rcpt, d))
			continue;
		ledger_move(m, rcpt, RCPT_TRYING);
		judge(m, rcpt, &o);
	}
}

/* The destination is left alone: what it has waits for a probe. */
static void
put_off(struct job *j, struct destination *d, struct mail *m)
{
	const struct reason *why = destination_trouble(d);
	int64_t until = destination_until(d, clock_ms());
	struct outcome o = { .due = due_of(until), .random = arc4random(),
		.relay = reason_relay(why) };

	why_set(&o.why, VERDICT_LATER, reason_status(why),
	    reason_sentence(why));
	refuse_part(j, d, m, &o);
}

/* ---- tried again: router first ---- */

struct retry {
	struct job *job;
	struct destination *dest;
};

/* In a fiber; it has a place in the window meanwhile. */
static void
retry_run(void *arg)
{
	struct retry *r = arg;
	struct job *j = r->job;
	uint32_t end = part_end(j);

	requeue_retry(j->mail, j->rcpt + j->asked, end - j->asked, r->dest);
	j->asked = end;
	destination_end(r->dest);
	destination_again(r->dest, j, true);
	relay_kick();
	free(r);
}

static void
retry(struct job *j, struct destination *d)
{
	struct retry *r = xmalloc(sizeof(*r));

	*r = (struct retry){ j, d };
	destination_begin(d, clock_ms());
	fiber_start(retry_run, r);
}

static void
run_job(struct channel *to, struct job *j, struct destination *d)
{
	struct mail *m = ledger_find(j->mail);

	if (m == NULL || m->state != MAIL_QUEUED)
		j->at = j->n;
	else if (destination_until(d, clock_ms()) > 0)
		put_off(j, d, m);
	else if (j->retry && j->asked < part_end(j)) {
		retry(j, d);
		return;
	} else
		send_job(to, j, d, m);
	if (j->at < j->n) {
		destination_again(d, j, false);
		return;
	}
	free(j);
	destination_drop(&d);
}

static void
set_limits(void)
{
	const struct settings *s = service_settings();
	const struct destination_limits l = {
		.total = (uint32_t)s->smtp_connections,
		.rate = (uint32_t)s->destination_rate,
		.named = (uint32_t)s->route_connections,
		.window = { (uint32_t)s->destination_connections,
		    (uint32_t)s->retry_first, (uint32_t)s->retry_most } };

	destination_limit(&l);
}

static void
look_again(void *unused)
{
	(void)unused;
	loop_timer_free(&timer);
	relay_kick();
}

static void
look_again_in(int64_t ms)
{
	loop_timer_free(&timer);
	timer = loop_timer_new(ms > 0 ? ms : 1, look_again, NULL);
}

static void
run(void *unused)
{
	struct channel *to = service_peer(ROLE_SMTP, 0);
	struct destination *d;
	struct job *j;
	int64_t wait;

	(void)unused;
	kicked = false;
	if (service_stopping() || to == NULL)
		return;
	if (durable_is_failing()) {
		look_again_in(FAILING_MS);
		return;
	}
	set_limits();
	for (int i = 0; i < JOBS_AT_ONCE; i++) {
		j = destination_next(clock_ms(), &d, &wait);
		if (j == NULL) {
			if (wait >= 0)
				look_again_in(wait);
			return;
		}
		run_job(to, j, d);
	}
	look_again_in(0);
}

void
relay_kick(void)
{
	if (!kicked)
		loop_defer(run, NULL);
	kicked = true;
}
