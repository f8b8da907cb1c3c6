/* SPDX-License-Identifier: ISC */
/*
 * change - write the mail again, with what changed, and read it back
 *
 * What the journal does not know (READY, TRYING, what is known of reports) is
 * carried over from the old one.
 */
#include <stdlib.h>

#include "queue/change.h"
#include "queue/durable.h"
#include "queue/ledger.h"
#include "queue/schedule.h"
#include "queue/transport.h"
#include "queue/wake.h"

static void
set_target(struct rcpt_texts *t, const struct target *to)
{
	t->transport = to->transport;
	t->destination = to->destination;
	t->address = to->address;
}

static void
put_old(struct str *out, const struct mail *m, uint32_t rcpt,
    const struct change *c)
{
	struct rcpt_texts t = mail_texts(m, rcpt);

	if (c != NULL)
		set_target(&t, &c->to);
	mail_write_rcpt(out, &m->rcpt[rcpt], &t,
	    c != NULL ? c->notify : m->rcpt[rcpt].notify);
}

static void
put_new(struct str *out, const struct mail *m, const struct change *c)
{
	static const struct rcpt done = { .state = RCPT_DONE };
	struct rcpt_texts t = mail_texts(m, c->rcpt);

	set_target(&t, &c->to);
	mail_write_rcpt(out, c->expanded ? &done : NULL, &t, c->notify);
}

/* All recipients as bytes; returns how many. */
static uint32_t
put_all(struct str *out, const struct mail *m, const struct change *c, size_t n)
{
	const struct change **of = xcalloc(m->nrcpt, sizeof(*of));
	uint32_t count = m->nrcpt;

	for (size_t i = 0; i < n; i++)
		if (!c[i].new)
			of[c[i].rcpt] = &c[i];
	for (uint32_t i = 0; i < m->nrcpt; i++)
		put_old(out, m, i, of[i]);
	for (size_t i = 0; i < n; i++)
		if (c[i].new) {
			put_new(out, m, &c[i]);
			count++;
		}
	free(of);
	return count;
}

static void
carry_over(struct mail *to, const struct mail *m)
{
	to->segment = m->segment;
	to->taken_ms = m->taken_ms;
	to->busy = m->busy;
	to->born = m->born;
	to->warned = m->warned;
	to->warn = m->warn;
	to->late = m->late;
	to->late_told = m->late_told;
	to->reporting = m->reporting;
	to->timed = m->timed;
	to->telling = m->telling;
	to->told = m->told;
	to->settling = m->settling;
	to->rewritten = m->settling;
	to->soft = m->soft;
	to->unsaid = m->unsaid;
	for (uint32_t i = 0; i < m->nrcpt; i++) {
		struct rcpt *r = &to->rcpt[i];
		const struct rcpt *old = &m->rcpt[i];

		r->state = old->state;
		r->due = old->due;
		r->tried = old->tried;
		r->again = old->again;
		r->good = old->good;
		r->unsaid = old->unsaid;
		r->passing = old->passing;
	}
	to->unsettled = 0;
	for (uint32_t i = 0; i < to->nrcpt; i++)
		to->unsettled += to->rcpt[i].state != RCPT_SETTLED;
}

static void
take_place(struct mail *to, struct mail *m)
{
	schedule_remove(m);
	ledger_remove(&m);
	ledger_add(to);
	mail_write(durable_notes(), to);
	schedule_put(to);
}

struct mail *
change_mail(struct mail *m, const struct change *c, size_t n)
{
	struct str rcpts = { 0 };
	struct mail_head h;
	struct mail *to;
	uint32_t count;

	must(m->state == MAIL_QUEUED);
	mail_head(m, &h);
	count = put_all(&rcpts, m, c, n);
	to = mail_make(m->id, &h, str_view(&rcpts), count);
	str_free(&rcpts);
	must(to != NULL);
	carry_over(to, m);
	take_place(to, m);
	for (size_t i = 0; i < n; i++)
		if (!c[i].new && to->rcpt[c[i].rcpt].state == RCPT_READY)
			wake_again(to, c[i].rcpt);
	wake_due(to);
	return to;
}
