/* SPDX-License-Identifier: ISC */
/*
 * split - who may, what is inherited, what is settled
 */
#include <stdlib.h>

#include "lib/mail/spool.h"
#include "queue/judge.h"
#include "queue/ledger.h"
#include "queue/split.h"
#include "queue/transport.h"

static struct rcpt *
find_list(uint64_t mail, uint32_t rcpt)
{
	struct mail *m = ledger_find(mail);

	return m != NULL && m->state == MAIL_QUEUED && rcpt < m->nrcpt &&
	    m->rcpt[rcpt].transport == TRANSPORT_LIST ? &m->rcpt[rcpt] : NULL;
}

static bool
is_tried(const struct rcpt *r, struct why *w)
{
	return (r != NULL && r->state == RCPT_TRYING && !r->passing) ||
	    why_later(w, "3.0", "That list is not being tried");
}

bool
split_begin(struct intake *i, const struct msg_mail_open *m, struct why *w)
{
	i->of = m->of;
	i->of_rcpt = m->rcpt;
	return is_tried(find_list(i->of, i->of_rcpt), w);
}

/* Whoever is the sender still, still wants what he asked for. */
static void
inherit(struct mail_head *h, const struct mail *of)
{
	h->body = of->body;
	h->priority = of->priority;
	h->tls = of->tls;
	if (!view_eq(h->sender, mail_sender(of)))
		return;
	h->ret = of->ret;
	h->envid = mail_envid(of);
	h->by = mail_by(of);
	h->by_mode = of->by_mode;
}

bool
split_commit(struct intake *i, struct mail_head *h, struct why *w)
{
	struct rcpt *r = find_list(i->of, i->of_rcpt);

	if (!is_tried(r, w))
		return false;
	r->passing = true;
	inherit(h, ledger_find(i->of));
	i->settles = xcalloc(1, sizeof(*i->settles));
	i->settles->mail = i->of;
	i->settles->kind = REPORT_PASSED;
	i->settles->n = 1;
	i->settles->rcpt[0] = i->of_rcpt;
	return true;
}

/* local may have died meanwhile, and the list be waiting for another try. */
void
split_safe(const struct intake *i)
{
	struct rcpt *r = find_list(i->of, i->of_rcpt);
	struct mail *m = ledger_find(i->of);
	struct outcome o = { .relay = VIEW_LIT("local") };
	char id[SPOOL_ID_SIZE];

	if (r == NULL)
		return;
	r->passing = false;
	if (r->state == RCPT_WAITING)
		ledger_move(m, i->of_rcpt, RCPT_READY);
	if (r->state == RCPT_READY)
		ledger_move(m, i->of_rcpt, RCPT_TRYING);
	if (r->state != RCPT_TRYING)
		return;
	why_done(&o.why, "0.0", "goes to members of the list as %s",
	    spool_id(i->id, id));
	judge(m, i->of_rcpt, &o);
}

void
split_unsafe(const struct intake *i)
{
	struct rcpt *r = find_list(i->of, i->of_rcpt);

	if (r != NULL)
		r->passing = false;
}

bool
split_is_rest(const struct mail *m, uint32_t rcpt)
{
	return m->rcpt[rcpt].transport == TRANSPORT_LIST &&
	    view_starts(mail_texts(m, rcpt).destination, VIEW_LIT(">"));
}
