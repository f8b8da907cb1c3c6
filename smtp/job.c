/* SPDX-License-Identifier: ISC */
/*
 * job - taking over what queue sent, and answering it
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/mail/spool.h"
#include "smtp/job.h"

static bool
take_recipient(struct job *j, struct view *list, struct recipient *r)
{
	struct view address, original, notify, orcpt;

	if (!list_next_u32(list, &r->number) || !list_next(list, &address) ||
	    !list_next(list, &original) || !list_next(list, &notify) ||
	    !list_next(list, &orcpt) || notify.n != 1 || address.n == 0)
		return false;
	r->state = RECIPIENT_WANTED;
	r->notify = (uint8_t)notify.p[0];
	r->address = arena_view(&j->arena, address);
	r->original = arena_view(&j->arena, original);
	r->orcpt = arena_view(&j->arena, orcpt);
	return true;
}

static bool
take_recipients(struct job *j, struct view list)
{
	size_t texts, n;

	if (!list_ok(list, &texts) || texts == 0 || texts % 5 != 0)
		return false;
	n = texts / 5;
	j->recipient = arena_zalloc(&j->arena, n * sizeof(*j->recipient));
	while (j->nrecipients < n)
		if (!take_recipient(j, &list,
			&j->recipient[j->nrecipients++]))
			return false;
	j->unsettled = n;
	return true;
}

static void
release(struct job *j)
{
	if (j->m.content >= 0)
		close(j->m.content);
	arena_reset(&j->arena);
	free(j);
}

struct job *
job_new(struct channel *queue, uint32_t tag, struct msg_send *m)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->queue = queue;
	j->tag = tag;
	j->m = *m;
	j->m.content = fd_take(&m->content);
	j->m.hop = arena_view(&j->arena, m->hop);
	j->m.sender = arena_view(&j->arena, m->sender);
	j->m.envid = arena_view(&j->arena, m->envid);
	j->contact = CONTACT_FAILED;
	j->trouble = j->header = VIEW_NONE;
	spool_id(m->mail, j->id);
	if (!take_recipients(j, m->recipients) || m->skip > m->size) {
		release(j);
		return NULL;
	}
	return j;
}

uint64_t
job_kept(const struct job *j)
{
	return j->m.skip + j->header_was;
}

uint64_t
job_size(const struct job *j)
{
	return j->header.n + j->m.size - job_kept(j);
}

void
job_settle(struct job *j, struct recipient *r, const struct outcome *o)
{
	struct message m = { .type = MSG_verdict, .tag = j->tag,
		.verdict = { .mail = j->m.mail, .rcpt = r->number,
		    .verdict = (uint8_t)o->verdict,
		    .status = view_of(o->status), .sentence = o->sentence,
		    .relay = o->relay, .reply = o->reply, .dsn = o->dsn } };

	must(r->state != RECIPIENT_SETTLED);
	r->state = RECIPIENT_SETTLED;
	j->unsettled--;
	if (j->queue != NULL)
		must(channel_send(j->queue, &m));
}

void
job_settle_rest(struct job *j, const struct outcome *o)
{
	for (size_t i = 0; i < j->nrecipients; i++)
		if (j->recipient[i].state != RECIPIENT_SETTLED)
			job_settle(j, &j->recipient[i], o);
}

void
job_free(struct job **jp)
{
	struct job *j = *jp;
	struct message m = { .type = MSG_sent, .tag = j->tag,
		.sent = { .mail = j->m.mail, .contact = (uint8_t)j->contact,
		    .sentence = j->trouble } };

	*jp = NULL;
	if (j->queue != NULL) {
		must(j->unsettled == 0);
		channel_send(j->queue, &m);
	}
	release(j);
}
