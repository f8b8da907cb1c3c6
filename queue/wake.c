/* SPDX-License-Identifier: ISC */
/*
 * wake - from WAITING to READY
 *
 * Recipients of one mail that are ready at the same time and have the same next
 * host go there together. What is due while its next host is left alone waits
 * on at once, as nothing else would come of it.
 */
#include "queue/attempt.h"
#include "queue/judge.h"
#include "queue/ledger.h"
#include "queue/relay.h"
#include "queue/schedule.h"
#include "queue/wake.h"

/* Those for other hosts are collected until relay_ready_end(). */
static void
join_line(struct mail *m, uint32_t rcpt)
{
	if (m->rcpt[rcpt].to != NULL)
		relay_ready(m, rcpt);
	else
		attempt_ready(m, rcpt);
}

static void
make_ready(struct mail *m, uint32_t rcpt)
{
	if (mail_is_frozen(m, rcpt))
		m->rcpt[rcpt].due = schedule_now();
	ledger_move(m, rcpt, RCPT_READY);
	join_line(m, rcpt);
}

void
wake_again(struct mail *m, uint32_t rcpt)
{
	must(m->rcpt[rcpt].state == RCPT_READY);
	join_line(m, rcpt);
}

/* The time that the sender set is over: give up, or tell him. */
static void
consider_by(struct mail *m)
{
	if (m->by_mode == 0 || mail_by(m) > schedule_now())
		return;
	m->late = (m->by_mode & BY_MODE) == BY_NOTIFY;
	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (judge_is_overdue(m) &&
		    m->rcpt[i].state == RCPT_WAITING && !mail_is_frozen(m, i))
			judge_give_up(m, i);
	judge_progress(m);
}

void
wake_due(struct mail *m)
{
	uint32_t now = schedule_now();

	consider_by(m);
	if (m->state != MAIL_QUEUED)
		return;
	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (m->rcpt[i].state == RCPT_WAITING && m->rcpt[i].due <= now &&
		    !relay_put_off(m, i))
			make_ready(m, i);
	relay_ready_end();
	schedule_put(m);
}

uint32_t
wake_flush(struct mail *m, const struct flush *f)
{
	uint32_t n = 0, now = schedule_now();

	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt *r = &m->rcpt[i];

		if (r->state != RCPT_WAITING ||
		    (!f->held && mail_is_held(m, i, now)) ||
		    (f->wants != NULL && !f->wants(f->arg, m, i)))
			continue;
		if (r->to != NULL)
			destination_wake(r->to);
		make_ready(m, i);
		n++;
	}
	relay_ready_end();
	schedule_put(m);
	return n;
}
