/* SPDX-License-Identifier: ISC */
/*
 * alter - hold, release, delete, send elsewhere
 *
 * Everything here is a note for the journal and a move of recipients that wait.
 * Of one that is being tried at this moment the verdict counts; if that is LATER,
 * it is held, or goes another way, then.
 */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/spool.h"
#include "queue/alter.h"
#include "queue/change.h"
#include "queue/durable.h"
#include "queue/judge.h"
#include "queue/ledger.h"
#include "queue/note.h"
#include "queue/requeue.h"
#include "queue/schedule.h"
#include "queue/wake.h"

static bool
is_meant(const void *arg, const struct mail *m, uint32_t rcpt)
{
	return match_rcpt(arg, m, rcpt);
}

/* What is held is not tried with all others; who names it, means it. */
uint32_t
alter_flush(const struct match *f, struct mail *m)
{
	const struct flush how = { .held = f->said.mail != 0,
		.wants = is_meant, .arg = f };

	return wake_flush(m, &how);
}

static bool
may_wait(const struct rcpt *r)
{
	return r->state == RCPT_WAITING || r->state == RCPT_READY ||
	    r->state == RCPT_TRYING;
}

static void
changed(struct mail *m, const char *how)
{
	char id[SPOOL_ID_SIZE];

	log_info(spool_id(m->id, id), "from=<%s>, %s by the administrator",
	    log_quote(mail_sender(m)), how);
	schedule_put(m);
	judge_progress(m);
}

/* One that is being tried is held if it comes back. */
uint32_t
alter_hold(const struct match *f, struct mail *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt *r = &m->rcpt[i];

		if (!may_wait(r) || !match_rcpt(f, m, i))
			continue;
		if (r->state == RCPT_READY)
			ledger_move(m, i, RCPT_WAITING);
		r->due = FROZEN;
		note_verdict(durable_notes(), m, i);
		n++;
	}
	if (n > 0)
		changed(m, "held");
	return n;
}

uint32_t
alter_release(const struct match *f, struct mail *m)
{
	const uint32_t now = schedule_now();
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt *r = &m->rcpt[i];
		bool held = mail_is_held(m, i, now) ||
		    (r->state == RCPT_TRYING && r->due == FROZEN);

		if (!held || !match_rcpt(f, m, i))
			continue;
		r->due = now;
		note_verdict(durable_notes(), m, i);
		n++;
	}
	if (n == 0)
		return 0;
	changed(m, "released");
	wake_due(m);
	return n;
}

static void
delete_mail(struct mail *m)
{
	char id[SPOOL_ID_SIZE];

	log_info(spool_id(m->id, id), "from=<%s>, deleted by the administrator",
	    log_quote(mail_sender(m)));
	schedule_remove(m);
	note_deleted(durable_notes(), m->id);
	durable_finish(m);
}

static bool
delete_rcpt(struct mail *m, uint32_t rcpt)
{
	uint8_t state = m->rcpt[rcpt].state;
	char id[SPOOL_ID_SIZE];

	if (state != RCPT_WAITING && state != RCPT_READY)
		return false;
	log_info(spool_id(m->id, id), "to=<%s>, deleted by the administrator",
	    log_quote(mail_texts(m, rcpt).address));
	ledger_move(m, rcpt, RCPT_SETTLED);
	note_verdict(durable_notes(), m, rcpt);
	return true;
}

/* All that is left: at once, whatever is under way. Some recipients: those that
 * wait. */
uint32_t
alter_delete(const struct match *f, struct mail *m)
{
	uint32_t meant = 0, n = 0;

	for (uint32_t i = 0; i < m->nrcpt; i++)
		meant += match_rcpt(f, m, i);
	if (meant == 0)
		return 0;
	if (meant == m->unsettled) {
		delete_mail(m);
		return meant;
	}
	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (match_rcpt(f, m, i) && delete_rcpt(m, i))
			n++;
	schedule_put(m);
	judge_progress(m);
	return n;
}

/* An octet for each recipient that is meant. */
static uint8_t *
marked(const struct match *f, const struct mail *m)
{
	uint8_t *mark = xcalloc(m->nrcpt, 1);

	for (uint32_t i = 0; i < m->nrcpt; i++)
		mark[i] = match_rcpt(f, m, i);
	return mark;
}

uint32_t
alter_requeue(const struct match *f, struct mail *m)
{
	uint8_t *mark = marked(f, m);
	uint64_t mail = m->id;
	uint32_t n = requeue(mail, mark, m->nrcpt);
	char id[SPOOL_ID_SIZE];

	free(mark);
	if (n > 0)
		log_info(spool_id(mail, id), "requeued by the administrator");
	return n;
}

static bool
is_marked(const void *mark, const struct mail *m, uint32_t rcpt)
{
	(void)m;
	return ((const uint8_t *)mark)[rcpt] != 0;
}

/* Those that are not held are tried there at once. */
uint32_t
alter_reroute(const struct match *f, struct mail *m)
{
	uint8_t *mark = marked(f, m);
	const struct flush how = { .wants = is_marked, .arg = mark };
	struct change *c = xcalloc(m->nrcpt, sizeof(*c));
	size_t n = 0;

	for (uint32_t i = 0; i < m->nrcpt; i++)
		if (may_wait(&m->rcpt[i]) && mark[i])
			c[n++] = (struct change){ .rcpt = i,
				.notify = m->rcpt[i].notify,
				.to = { VIEW_LIT("rerouted"),
				    f->said.hop,
				    mail_texts(m, i).address } };
	if (n > 0) {
		m = change_mail(m, c, n);
		changed(m, "rerouted");
		wake_flush(m, &how);
	}
	free(mark);
	free(c);
	return (uint32_t)n;
}
