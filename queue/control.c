/* SPDX-License-Identifier: ISC */
/*
 * control - ETRN, and contents for those who deliver
 *
 * ETRN looks at all mails, so it runs in a fiber, one at a time, as clients may
 * ask for it. A request remembers its channel only while that lives.
 */
#include <stdlib.h>

#include "lib/mail/idn.h"
#include "lib/proc/fiber.h"
#include "queue/control.h"
#include "queue/kept.h"
#include "queue/ledger.h"
#include "queue/match.h"
#include "queue/wake.h"

#define AT_ONCE		200		/* mails, then others have their turn */

static struct request {
	struct channel *from;	/* NULL: gone */
	uint32_t tag;
	struct str domain;
} etrn;
static bool busy;

void
control_closed(struct channel *c)
{
	if (etrn.from == c)
		etrn.from = NULL;
}

static struct mail *
find_queued(uint64_t id)
{
	struct mail *m = ledger_find(id);

	return m != NULL && m->state == MAIL_QUEUED ? m : NULL;
}

/* The array is the caller's. */
static uint64_t *
collect(size_t *n)
{
	uint64_t *ids = xcalloc(ledger_count() + 1, sizeof(*ids));
	struct mail *m;

	*n = 0;
	for (size_t at = 0; (m = ledger_next(&at)) != NULL;)
		ids[(*n)++] = m->id;
	return ids;
}

static bool
is_for(const void *arg, const struct mail *m, uint32_t rcpt)
{
	struct str domain = { 0 };
	bool is = match_domain_of(mail_texts(m, rcpt).address, &domain) &&
	    match_within(str_view(&domain), str_view(arg));

	str_free(&domain);
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
domain_run(void *unused)
{
	struct message tried = { .type = MSG_queue_domain_tried,
		.tag = etrn.tag };
	const struct flush f = { .wants = is_for, .arg = &etrn.domain };
	size_t n;
	uint64_t *ids = collect(&n);

	(void)unused;
	for (size_t i = 0; i < n && etrn.from != NULL; i++) {
		struct mail *m = find_queued(ids[i]);

		if (m != NULL && wake_flush(m, &f) > 0)
			tried.queue_domain_tried.mails++;
		if (i % AT_ONCE == AT_ONCE - 1)
			fiber_sleep(0);
	}
	if (etrn.from != NULL)
		channel_send(etrn.from, &tried);
	free(ids);
	str_free(&etrn.domain);
	etrn.from = NULL;
	busy = false;
}

void
control_domain(struct channel *c, uint32_t tag, struct msg_queue_domain *q)
{
	struct why w;

	if (busy) {
		why_later(&w, "3.2", "The queue is busy with such a request");
		channel_answer(c, tag, &w);
		return;
	}
	busy = true;
	etrn.from = c;
	etrn.tag = tag;
	put_domain(&etrn.domain, q->domain);
	fiber_start(domain_run, NULL);
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
	got.content_got.content = kept_open(q->mail);
	if (got.content_got.content >= 0) {
		channel_send(c, &got);
		return;
	}
	why_errno(&w, "cannot open the content");
	channel_answer(c, tag, &w);
}
