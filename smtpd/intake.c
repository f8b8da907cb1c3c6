/* SPDX-License-Identifier: ISC */
/*
 * intake - mail_open ahead of time, mail_rcpt and mail_commit at the end
 *
 * Requests under way stand in a list in the order they were sent; the queue
 * answers in nearly that order, so the one looked for is nearly always among
 * the first. A mail that nobody waits for any more is aborted.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lib/mail/spool.h"
#include "lib/proc/service.h"
#include "smtpd/ask.h"
#include "smtpd/dialog.h"

#define OPEN_TIMEOUT	30000	/* ms for an answer to mail_open */
#define COMMIT_TIMEOUT	300000	/* RFC 5321 4.5.3.2.6: clients wait 10 min */
#define IDLE_MOST	60000	/* ms that an unused mail is kept */
#define TROUBLE_TIME	2000	/* ms that a refusal is remembered */

static TAILQ_HEAD(intakes, intake) asked = TAILQ_HEAD_INITIALIZER(asked);
static int64_t troubled;	/* clock_ms() of the last refusal, 0: none */

static struct channel *
link_of(const struct intake *in)
{
	struct channel *c = service_peer(ROLE_QUEUE, 0);

	return c && channel_peer(c)->process == in->process ? c : NULL;
}

static void
abort_mail(struct channel *c, uint64_t mail)
{
	struct message m = { .type = MSG_mail_abort,
		.mail_abort = { .mail = mail } };

	channel_send(c, &m);
}

void
intake_drop(struct intake *in)
{
	struct channel *c = link_of(in);

	if (in->state == INTAKE_ASKED || in->state == INTAKE_COMMITTING)
		TAILQ_REMOVE(&asked, in, entry);
	if (in->state == INTAKE_OPEN && c != NULL)
		abort_mail(c, in->mail);
	if (in->fd >= 0)
		close(in->fd);
	free(in->why);
	in->why = NULL;
	in->fd = -1;
	in->used = false;
	in->state = INTAKE_NONE;
}

static void
opened(struct intake *in, struct msg_mail_opened *m)
{
	in->mail = m->mail;
	in->fd = fd_take(&m->content);
	in->used = false;
	in->state = INTAKE_OPEN;
	troubled = 0;
}

static void
refused(struct intake *in, const struct why *w)
{
	in->why = xmalloc(sizeof(*in->why));
	*in->why = *w;
	in->state = INTAKE_REFUSED;
	troubled = clock_ms();
}

static struct message
open_request(uint64_t size)
{
	return (struct message){ .type = MSG_mail_open,
		.mail_open = { .size = size, .small = size <= SPOOL_KEPT } };
}

/* Send a request whose answer comes to the handlers below. */
static void
request(struct intake *in, struct channel *c, struct message *m)
{
	m->tag = channel_tag(c);
	in->tag = m->tag;
	in->process = channel_peer(c)->process;
	TAILQ_INSERT_TAIL(&asked, in, entry);
	channel_send(c, m);
}

/* Send mail_open if the queue is there. */
static void
ask(struct intake *in, uint64_t size)
{
	struct channel *c = service_peer(ROLE_QUEUE, 0);
	struct message m = open_request(size);

	if (c == NULL)
		return;
	in->since = clock_ms();
	in->state = INTAKE_ASKED;
	request(in, c, &m);
}

/* The same, waiting for the answer and, if need be, for the queue. */
static bool
ask_and_wait(struct intake *in, struct why *w)
{
	struct message m = open_request(0);
	struct reply r;
	bool ok;

	if (!ask_twice(ROLE_QUEUE, &m, &r, w))
		return false;
	ok = reply_is(&r, MSG_mail_opened, w);
	if (ok) {
		struct channel *c = service_peer(ROLE_QUEUE, 0);

		in->process = c ? channel_peer(c)->process : 0;
		in->since = clock_ms();
		opened(in, &r.m.mail_opened);
	}
	reply_free(&r);
	return ok;
}

static void
wait_for_answer(struct intake *in)
{
	int64_t deadline = deadline_in(OPEN_TIMEOUT);

	while (in->state == INTAKE_ASKED)
		if (fiber_queue_wait(&in->waiter, deadline) != WAIT_READY)
			break;
	if (in->state == INTAKE_ASKED)
		intake_drop(in);
}

void
intake_begin(struct intake *in, uint64_t size)
{
	if (in->state == INTAKE_ASKED)
		return;
	if (in->state == INTAKE_OPEN && !in->used && link_of(in) != NULL &&
	    clock_ms() - in->since < IDLE_MOST)
		return;
	intake_drop(in);
	ask(in, size);
	if (troubled != 0 && clock_ms() - troubled < TROUBLE_TIME)
		wait_for_answer(in);
}

bool
intake_ready(struct intake *in, struct why *w)
{
	if (in->state == INTAKE_ASKED)
		wait_for_answer(in);
	if (in->state == INTAKE_OPEN && link_of(in) != NULL)
		return true;
	if (in->state == INTAKE_REFUSED) {
		*w = *in->why;
		intake_drop(in);
		return false;
	}
	intake_drop(in);
	if (fiber_cancelled())
		return why_later(w, "3.2", "The server is stopping");
	return ask_and_wait(in, w);
}

bool
intake_file(struct intake *in, struct why *w)
{
	struct channel *c = link_of(in);
	const struct message m = { .type = MSG_mail_file,
		.mail_file = { in->mail } };
	struct reply r;

	why_later(w, "3.0", "The queue is not there at present");
	if (c == NULL || !channel_call(c, &m, &r, deadline_in(OPEN_TIMEOUT), w))
		return false;
	if (reply_is(&r, MSG_mail_opened, w))
		in->fd = fd_take(&r.m.mail_opened.content);
	reply_free(&r);
	return in->fd >= 0;
}

static void
send_recipient(struct channel *c, uint64_t mail, const struct rcpt *r)
{
	struct message m = { .type = MSG_mail_rcpt };

	m.mail_rcpt.mail = mail;
	m.mail_rcpt.original = r->original;
	m.mail_rcpt.orcpt = r->orcpt;
	m.mail_rcpt.hold = r->hold;
	for (const struct target *t = r->targets; t != NULL; t = t->next) {
		m.mail_rcpt.transport = t->transport;
		m.mail_rcpt.destination = t->destination;
		m.mail_rcpt.address = t->address;
		m.mail_rcpt.notify = t->notify;
		channel_send(c, &m);
	}
}

bool
intake_commit(struct intake *in, const struct dialog *d,
    const struct msg_mail_commit *mail, struct why *w)
{
	int64_t deadline = deadline_in(COMMIT_TIMEOUT);
	struct message m = { .type = MSG_mail_commit, .mail_commit = *mail };
	struct channel *c = link_of(in);
	bool queued;

	why_later(w, "3.0", "The queue is not there at present");
	if (c != NULL) {
		for (const struct rcpt *p = d->tx.first; p; p = p->next)
			send_recipient(c, in->mail, p);
		for (const struct rcpt *p = d->tx.copies; p; p = p->next)
			send_recipient(c, in->mail, p);
		m.mail_commit.mail = in->mail;
		in->state = INTAKE_COMMITTING;
		request(in, c, &m);
	}
	while (in->state == INTAKE_COMMITTING)
		if (fiber_queue_hold(&in->waiter, deadline) != WAIT_READY)
			break;
	if (in->state == INTAKE_REFUSED)
		*w = *in->why;
	queued = in->state == INTAKE_QUEUED;
	intake_drop(in);
	return queued;
}

static struct intake *
find_asked(const struct channel *c, uint32_t tag)
{
	struct intake *in;

	TAILQ_FOREACH(in, &asked, entry)
		if (in->tag == tag &&
		    in->process == channel_peer(c)->process)
			break;
	if (in != NULL)
		TAILQ_REMOVE(&asked, in, entry);
	return in;
}

void
intake_opened(struct channel *c, uint32_t tag, struct msg_mail_opened *m)
{
	struct intake *in = find_asked(c, tag);

	if (in == NULL) {
		abort_mail(c, m->mail);
		return;
	}
	must(in->state == INTAKE_ASKED);
	opened(in, m);
	fiber_queue_wake_all(&in->waiter);
}

void
intake_queued(struct channel *c, uint32_t tag, struct msg_mail_queued *m)
{
	struct intake *in = find_asked(c, tag);

	(void)m;
	if (in == NULL)
		return;
	must(in->state == INTAKE_COMMITTING);
	in->state = INTAKE_QUEUED;
	fiber_queue_wake_all(&in->waiter);
}

void
intake_answered(struct channel *c, uint32_t tag, struct msg_answer *m)
{
	struct intake *in = find_asked(c, tag);
	struct why w;

	if (in == NULL)
		return;
	why_set(&w, m->verdict == VERDICT_NEVER ? VERDICT_NEVER : VERDICT_LATER,
	    m->status, m->sentence);
	refused(in, &w);
	fiber_queue_wake_all(&in->waiter);
}

void
intake_closed(struct channel *c)
{
	struct intake *in, *next;

	TAILQ_FOREACH_SAFE(in, &asked, entry, next) {
		if (in->process != channel_peer(c)->process)
			continue;
		TAILQ_REMOVE(&asked, in, entry);
		in->state = INTAKE_NONE;
		fiber_queue_wake_all(&in->waiter);
	}
}
