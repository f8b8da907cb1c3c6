/* SPDX-License-Identifier: ISC */
/*
 * judge - a recipient's next state, due time and reason
 *
 * Whoever says something about a recipient (local, smtp, router, the clock) ends
 * here: the verdict moves the recipient, writes a note for the journal and says
 * one line to the log. LATER becomes NEVER with age.
 */
#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "queue/age.h"
#include "queue/durable.h"
#include "queue/judge.h"
#include "queue/ledger.h"
#include "queue/note.h"
#include "queue/report.h"
#include "queue/schedule.h"
#include "queue/soft.h"
#include "queue/transport.h"

#define TRIES_LEAST	3	/* before age alone can end it: clocks jump */

void
judge_progress(struct mail *m)
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
	    o->relay, o->reply);
	reason_drop(&old);
}

/* Of a mail without a sender the postmaster hears, if he wants to, unless it is
 * himself who cannot be reached. */
static bool
is_for_postmaster(struct mail *m, uint32_t rcpt)
{
	struct view to = view_of(service_settings()->bounce_postmaster);

	return mail_sender(m).n == 0 && to.n > 0 &&
	    !view_eqi(mail_texts(m, rcpt).original, to);
}

static void
never(struct mail *m, uint32_t rcpt)
{
	ledger_move(m, rcpt, RCPT_FAILED);
	/* at once, if nothing else is under way: judge_progress() */
	if (mail_wants(m, rcpt, NOTIFY_FAILURE) ||
	    is_for_postmaster(m, rcpt)) {
		report_in_time(m);
		return;
	}
	if (mail_sender(m).n == 0) {
		char id[SPOOL_ID_SIZE];

		log_warning(spool_id(m->id, id), "undeliverable to %s, and "
		    "there is no sender to tell: dropped",
		    log_quote(mail_texts(m, rcpt).address));
	}
	ledger_move(m, rcpt, RCPT_SETTLED);
}

/* A server that takes over the duty to report leaves nothing to do here
 * (RFC 3461 5.2.2). */
static void
done(struct mail *m, uint32_t rcpt, const struct outcome *o)
{
	bool tell = mail_wants(m, rcpt, NOTIFY_SUCCESS) && !o->dsn;

	ledger_move(m, rcpt, tell ? RCPT_DONE : RCPT_SETTLED);
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
	int64_t most = age_most(m);
	struct why last = *w;
	size_t u = 0;

	if (age_of(m) < most || m->rcpt[rcpt].tries < TRIES_LEAST)
		return false;
	while (u + 1 < nitems(units) && most < 2 * units[u].seconds)
		u++;
	why_never(w, "4.7", "Gave up after %lld %s: %s",
	    (long long)(most / units[u].seconds), units[u].name, last.text);
	return true;
}

bool
judge_is_overdue(const struct mail *m)
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

	if (after > 0 && age_of(m) >= after && !m->warned &&
	    mail_wants(m, rcpt, NOTIFY_DELAY))
		m->warn = true;
}

/* Trouble of the house itself is over within seconds, mostly: tries begin again
 * after one second. Elsewhere it takes longer. */
static void
later(struct mail *m, uint32_t rcpt, const struct outcome *o)
{
	const struct settings *s = service_settings();
	struct rcpt *r = &m->rcpt[rcpt];
	bool frozen = r->due == FROZEN;

	r->due = schedule_now() + schedule_wait(r->tries,
	    o->own ? 1 : (uint32_t)s->retry_first, (uint32_t)s->retry_most,
	    o->random);
	if (o->due > r->due)
		r->due = o->due;
	if (frozen)
		r->due = FROZEN;
	ledger_move(m, rcpt, RCPT_WAITING);
	if (!frozen)
		schedule_sooner(m, r->due);
	consider_warning(m, rcpt);
}

static void
count_try(struct rcpt *r)
{
	if (r->tries < UINT16_MAX)
		r->tries++;
}

/* That it is in a mailbox counts when name and content are safe there; another
 * server, a command or a file has its own. */
static void
note(struct mail *m, uint32_t rcpt, enum verdict v)
{
	if (v == VERDICT_DONE && m->rcpt[rcpt].transport == TRANSPORT_LOCAL) {
		m->unsaid = m->rcpt[rcpt].unsaid = true;
		soft_add(m);
	} else
		note_verdict(durable_notes(), m, rcpt);
}

void
judge(struct mail *m, uint32_t rcpt, struct outcome *o)
{
	struct rcpt *r = &m->rcpt[rcpt];
	struct why *w = &o->why;

	count_try(r);
	r->tried = schedule_now();
	if (w->verdict == VERDICT_LATER && judge_is_overdue(m))
		overdue(w);
	else if (w->verdict == VERDICT_LATER)
		is_expired(m, rcpt, w);
	trail_verdict(m, rcpt, o);
	if (w->verdict != VERDICT_DONE || r->notify & NOTIFY_SUCCESS)
		remember(r, o);
	if (w->verdict == VERDICT_DONE)
		done(m, rcpt, o);
	else if (w->verdict == VERDICT_NEVER)
		never(m, rcpt);
	else
		later(m, rcpt, o);
	note(m, rcpt, w->verdict);
	judge_progress(m);
}

bool
judge_put_off(struct mail *m, uint32_t rcpt, const struct reason *why,
    uint32_t due)
{
	struct rcpt *r = &m->rcpt[rcpt];
	struct why w;

	must(r->state == RCPT_WAITING);
	why_later(&w, "4.1", "not tried");
	if (r->why == NULL || judge_is_overdue(m) ||
	    !view_eq(reason_sentence(r->why), reason_sentence(why)) ||
	    is_expired(m, rcpt, &w))
		return false;
	count_try(r);
	r->due = due;
	consider_warning(m, rcpt);
	if (m->warn && !m->warned)
		report_consider(m);
	return true;
}

/* Nothing was tried, it just became late. */
void
judge_give_up(struct mail *m, uint32_t rcpt)
{
	const struct reason *last = m->rcpt[rcpt].why;
	struct outcome o = { .relay = reason_relay(last),
		.reply = reason_reply(last) };

	why_set(&o.why, VERDICT_LATER, reason_status(last),
	    reason_sentence(last));
	overdue(&o.why);
	trail_verdict(m, rcpt, &o);
	remember(&m->rcpt[rcpt], &o);
	never(m, rcpt);
	note_verdict(durable_notes(), m, rcpt);
}
