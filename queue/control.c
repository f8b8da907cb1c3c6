/* SPDX-License-Identifier: ISC */
/*
 * control - list, flush, delete, open
 *
 * List and delete run in a fiber each: a list of a million recipients must not
 * stop the queue or fill memory, and a deletion is answered when it is durable.
 * A request remembers its channel only while that lives.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/mail/idn.h"
#include "lib/mail/spool.h"
#include "queue/content.h"
#include "queue/control.h"
#include "queue/durable.h"
#include "queue/ledger.h"
#include "queue/note.h"
#include "queue/schedule.h"
#include "queue/story.h"
#include "queue/wake.h"

#define BACKLOG		(256u * 1024)	/* wait for the reader beyond it */
#define WAIT_MS		5
#define AT_ONCE		200		/* mails, then others have their turn */
#define DELETE_MS	30000

struct request {
	LIST_ENTRY(request) entry;
	struct channel *from;	/* NULL: gone */
	uint32_t tag;
	uint64_t mail;
	struct str domain;
};

static bool domain_busy;
static LIST_HEAD(, request) requests = LIST_HEAD_INITIALIZER(requests);

static struct request *
request_new(struct channel *c, uint32_t tag, uint64_t mail)
{
	struct request *r = xcalloc(1, sizeof(*r));

	*r = (struct request){ .from = c, .tag = tag, .mail = mail };
	LIST_INSERT_HEAD(&requests, r, entry);
	return r;
}

static void
request_free(struct request *r)
{
	LIST_REMOVE(r, entry);
	str_free(&r->domain);
	free(r);
}

void
control_closed(struct channel *c)
{
	struct request *r;

	LIST_FOREACH(r, &requests, entry)
		if (r->from == c)
			r->from = NULL;
}

/* ---- all ids, sorted, as they are at this moment ---- */

static int
by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* One id, or all for 0; the array is the caller's. */
static uint64_t *
collect(uint64_t only, size_t *n)
{
	uint64_t *ids = xcalloc(ledger_count() + 1, sizeof(*ids));
	struct mail *m;

	*n = 0;
	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		if (m->state == MAIL_QUEUED && (only == 0 || m->id == only))
			ids[(*n)++] = m->id;
	qsort(ids, *n, sizeof(*ids), by_id);
	return ids;
}

static struct mail *
find_queued(uint64_t id)
{
	struct mail *m = ledger_find(id);

	return m != NULL && m->state == MAIL_QUEUED ? m : NULL;
}

/* ---- list ---- */

static const char *
state_word(const struct mail *m, uint32_t rcpt)
{
	uint8_t state = m->rcpt[rcpt].state;

	if (mail_is_held(m, rcpt, schedule_now()))
		return "held";
	return state == RCPT_WAITING ? "deferred" :
	    state == RCPT_READY || state == RCPT_TRYING ? "active" :
							  "reporting";
}

static void
send_items(struct request *r, const struct mail *m)
{
	for (uint32_t i = 0; i < m->nrcpt; i++) {
		const struct rcpt *p = &m->rcpt[i];
		struct message item = { .type = MSG_queue_item, .tag = r->tag,
			.queue_item = { .mail = m->id, .rcpt = i,
			    .sender = mail_sender(m),
			    .address = mail_texts(m, i).address,
			    .size = m->size, .arrival = mail_arrival(m),
			    .next = p->state == RCPT_WAITING ? p->due : 0,
			    .tries = p->tries,
			    .state = view_of(state_word(m, i)),
			    .sentence = reason_sentence(p->why),
			    .hold = mail_hold(m), .by = mail_by(m),
			    .by_mode = m->by_mode, .priority = m->priority,
			    .tls = m->tls, .notify = p->notify,
			    .orcpt = mail_texts(m, i).orcpt,
			    .envid = mail_envid(m) } };

		if (p->state != RCPT_SETTLED)
			channel_send(r->from, &item);
	}
}

static void
list_run(void *arg)
{
	struct request *r = arg;
	struct message end = { .type = MSG_queue_end, .tag = r->tag };
	size_t n;
	uint64_t *ids = collect(0, &n);

	for (size_t i = 0; i < n && r->from != NULL; i++) {
		struct mail *m = find_queued(ids[i]);

		if (m == NULL)
			continue;
		send_items(r, m);
		end.queue_end.mails++;
		end.queue_end.octets += m->size;
		do {
			if (channel_backlog(r->from) > BACKLOG &&
			    fiber_sleep(WAIT_MS) == WAIT_CANCELLED)
				r->from = NULL;
		} while (r->from != NULL &&
		    channel_backlog(r->from) > BACKLOG);
	}
	if (r->from != NULL)
		channel_send(r->from, &end);
	free(ids);
	request_free(r);
}

void
control_list(struct channel *c, uint32_t tag, struct msg_queue_list *m)
{
	(void)m;
	fiber_start(list_run, request_new(c, tag, 0));
}

/* ---- flush ---- */

static void
answer_count(struct channel *c, uint32_t tag, uint64_t mail, size_t n)
{
	char id[SPOOL_ID_SIZE];
	struct why w;

	if (mail != 0 && n == 0)
		why_never(&w, "1.0", "There is no mail %s in the queue",
		    spool_id(mail, id));
	else
		why_done(&w, "0.0", "%zu", n);
	channel_answer(c, tag, &w);
}

/* What a sender wants to be held is not released with all others; who names
 * it, means it. */
void
control_flush(struct channel *c, uint32_t tag, struct msg_queue_flush *q)
{
	const struct flush f = { .held = q->mail != 0 };
	size_t n;
	uint64_t *ids = collect(q->mail, &n);

	for (size_t i = 0; i < n; i++)
		wake_flush(find_queued(ids[i]), &f);
	free(ids);
	answer_count(c, tag, q->mail, n);
}

/* ---- flush for a domain ---- */

/* @name: also what stands below it. */
static bool
is_within(struct view name, struct view domain)
{
	bool below = domain.n > 0 && domain.p[0] == '@';
	size_t at;

	if (below)
		domain = view_skip(domain, 1);
	if (domain.n == 0 || name.n < domain.n)
		return false;
	at = name.n - domain.n;
	return view_eqi(view_skip(name, at), domain) &&
	    (at == 0 || (below && name.p[at - 1] == '.'));
}

/* Names are compared by their A-labels; what has none, as it is spelled. */
static bool
is_for(const void *arg, const struct mail *m, uint32_t rcpt)
{
	struct view name = mail_texts(m, rcpt).address;
	struct str ascii = { 0 };
	size_t at = name.n;
	bool is;

	while (at > 0 && name.p[at - 1] != '@')
		at--;
	name = view_skip(name, at);
	is = at > 0 && is_within(idn_ascii(&ascii, name) ?
	    str_view(&ascii) : name, str_view(arg));
	str_free(&ascii);
	return is;
}

/* "@" or nothing, and a name. */
static void
put_domain(struct str *out, struct view v)
{
	bool below = v.n > 0 && v.p[0] == '@';
	struct str ascii = { 0 };

	str_adds(out, below ? "@" : "");
	v = view_skip(v, below);
	str_add(out, idn_ascii(&ascii, v) ? str_view(&ascii) : v);
	str_free(&ascii);
}

static void
domain_run(void *arg)
{
	struct request *r = arg;
	struct message tried = { .type = MSG_queue_domain_tried,
		.tag = r->tag };
	const struct flush f = { .wants = is_for, .arg = &r->domain };
	size_t n;
	uint64_t *ids = collect(0, &n);

	for (size_t i = 0; i < n && r->from != NULL; i++) {
		struct mail *m = find_queued(ids[i]);

		if (m != NULL && wake_flush(m, &f) > 0)
			tried.queue_domain_tried.mails++;
		if (i % AT_ONCE == AT_ONCE - 1)
			fiber_sleep(0);
	}
	if (r->from != NULL)
		channel_send(r->from, &tried);
	free(ids);
	request_free(r);
	domain_busy = false;
}

/* One at a time: each looks at all mails, and clients may ask. */
void
control_domain(struct channel *c, uint32_t tag, struct msg_queue_domain *q)
{
	struct request *r;
	struct why w;

	if (domain_busy) {
		why_later(&w, "3.2", "The queue is busy with such a request");
		channel_answer(c, tag, &w);
		return;
	}
	domain_busy = true;
	r = request_new(c, tag, 0);
	put_domain(&r->domain, q->domain);
	fiber_start(domain_run, r);
}

/* ---- delete ---- */

static void
delete_mail(struct mail *m)
{
	char id[SPOOL_ID_SIZE];

	log_info(spool_id(m->id, id), "from=<%s>, deleted by the administrator",
	    log_quote(mail_sender(m)));
	story_changed(m->id, "deleted", m->unsettled);
	schedule_remove(m);
	note_deleted(durable_notes(), m->id);
	durable_finish(m);
}

static void
delete_run(void *arg)
{
	struct request *r = arg;
	size_t n;
	uint64_t *ids = collect(r->mail, &n);
	struct why w;

	for (size_t i = 0; i < n; i++) {
		struct mail *m = find_queued(ids[i]);

		if (m != NULL)
			delete_mail(m);
		if (i % AT_ONCE == AT_ONCE - 1)
			fiber_sleep(0);
	}
	free(ids);
	if (durable_wait(deadline_in(DELETE_MS)) == WAIT_READY && r->from)
		answer_count(r->from, r->tag, r->mail, n);
	else if (r->from != NULL) {
		why_later(&w, "3.0", "The journal cannot be written now");
		channel_answer(r->from, r->tag, &w);
	}
	request_free(r);
}

void
control_delete(struct channel *c, uint32_t tag, struct msg_queue_delete *q)
{
	fiber_start(delete_run, request_new(c, tag, q->mail));
}

/* ---- content ---- */

void
control_content(struct channel *c, uint32_t tag, struct msg_content_get *q)
{
	struct message got = { .type = MSG_content_got, .tag = tag,
		.content_got = { .content = -1 } };
	struct why w;

	if (find_queued(q->mail) == NULL) {
		why_never(&w, "1.0", "There is no such mail in the queue");
		channel_answer(c, tag, &w);
		return;
	}
	got.content_got.content = content_open(q->mail);
	if (got.content_got.content >= 0) {
		channel_send(c, &got);
		return;
	}
	why_errno(&w, "cannot open the content");
	channel_answer(c, tag, &w);
}
