/* SPDX-License-Identifier: ISC */
/*
 * stats - one walk over the queue that counts for each destination
 *
 * Nothing is counted while the queue works: that would cost every mail
 * something for a question that is asked once a day. The walk lets others have
 * their turn; what changes meanwhile may be counted or not.
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/proc/service.h"
#include "queue/ledger.h"
#include "queue/schedule.h"
#include "queue/segments.h"
#include "queue/stats.h"
#include "queue/table.h"
#include "queue/transport.h"

#define AT_ONCE	2000	/* mails, then others have their turn */
#define HERE	1	/* keys of what has no destination */
#define OUTSIDE	2

/* What waits for one. */
struct heap {
	uint64_t key;		/* first: struct table wants it */
	struct destination *dest;	/* held; NULL: here */
	uint8_t transport;	/* here */
	uint32_t waiting, ready, trying;
	int64_t oldest;
};

struct stats {
	LIST_ENTRY(stats) entry;
	struct channel *from;	/* NULL: gone */
	uint32_t tag;
	struct table heaps;
	uint32_t mails;
	uint64_t octets;
};

static LIST_HEAD(, stats) all = LIST_HEAD_INITIALIZER(all);

static struct heap *
heap_of(struct stats *s, const struct rcpt *r)
{
	uint64_t here = r->transport == TRANSPORT_DELIVER ? OUTSIDE : HERE;
	uint64_t key = r->to != NULL ? (uint64_t)(uintptr_t)r->to : here;
	struct heap *h = table_find(&s->heaps, key);

	if (h != NULL)
		return h;
	h = xcalloc(1, sizeof(*h));
	h->key = key;
	h->dest = r->to != NULL ? destination_hold(r->to) : NULL;
	h->transport = here == OUTSIDE ? TRANSPORT_DELIVER : TRANSPORT_LOCAL;
	table_add(&s->heaps, h);
	return h;
}

static void
count_rcpt(struct stats *s, const struct mail *m, const struct rcpt *r)
{
	struct heap *h;

	if (r->state != RCPT_WAITING && r->state != RCPT_READY &&
	    r->state != RCPT_TRYING)
		return;
	h = heap_of(s, r);
	h->waiting += r->state == RCPT_WAITING;
	h->ready += r->state == RCPT_READY;
	h->trying += r->state == RCPT_TRYING;
	if (h->oldest == 0 || mail_arrival(m) < h->oldest)
		h->oldest = mail_arrival(m);
}

static void
count_all(struct stats *s)
{
	struct mail *m;
	size_t n = 0;

	for (size_t at = 0;
	    s->from != NULL && (m = ledger_next(&at)) != NULL;) {
		s->mails++;
		s->octets += m->size;
		for (uint32_t i = 0; i < m->nrcpt; i++)
			count_rcpt(s, m, &m->rcpt[i]);
		if (++n % AT_ONCE == 0)
			fiber_sleep(0);
	}
}

static void
say(const struct stats *s, const struct heap *h)
{
	const struct settings *set = service_settings();
	struct destination_state d = { .trying = h->trying,
		.window = (uint32_t)(transports[h->transport].outside ?
		    set->command_deliveries : set->local_deliveries) };
	struct view hop = VIEW_NONE, trouble = VIEW_NONE;
	struct message m = { .type = MSG_queue_destination, .tag = s->tag };
	int64_t left;

	if (h->dest != NULL) {
		destination_describe(h->dest, &d);
		hop = destination_hop(h->dest);
		trouble = reason_sentence(destination_trouble(h->dest));
	}
	left = d.until - clock_ms();
	m.queue_destination = (struct msg_queue_destination){
		.transport = view_of(transports[h->dest != NULL ?
		    TRANSPORT_SMTP : h->transport].name),
		.hop = hop, .waiting = h->waiting, .ready = h->ready,
		.trying = d.trying, .window = d.window,
		.until = left > 0 ? schedule_now() + left / 1000 : 0,
		.oldest = h->oldest, .sentence = trouble };
	channel_send(s->from, &m);
}

static int
busiest(const void *a, const void *b)
{
	const struct heap *x = *(struct heap *const *)a;
	const struct heap *y = *(struct heap *const *)b;
	uint32_t n = x->waiting + x->ready + x->trying;
	uint32_t k = y->waiting + y->ready + y->trying;

	return n > k ? -1 : n < k;
}

static void
say_all(struct stats *s)
{
	struct heap **sorted = xcalloc(s->heaps.count + 1, sizeof(*sorted));
	struct heap *h;
	size_t n = 0;

	for (size_t at = 0; (h = table_next(&s->heaps, &at)) != NULL;)
		sorted[n++] = h;
	qsort(sorted, n, sizeof(struct heap *), busiest);
	for (size_t i = 0; i < n; i++) {
		if (s->from != NULL)
			say(s, sorted[i]);
		if (i % AT_ONCE == AT_ONCE - 1)
			fiber_sleep(0);
	}
	for (size_t i = 0; i < n; i++) {
		destination_drop(&sorted[i]->dest);
		free(sorted[i]);
	}
	free(sorted);
}

static void
run(void *arg)
{
	struct stats *s = arg;
	struct message end = { .type = MSG_queue_end, .tag = s->tag };

	count_all(s);
	say_all(s);
	end.queue_end.mails = s->mails;
	end.queue_end.octets = s->octets;
	end.queue_end.hurt = segments_hurt();
	if (s->from != NULL)
		channel_send(s->from, &end);
	LIST_REMOVE(s, entry);
	table_free(&s->heaps);
	free(s);
}

void
stats_begin(struct channel *c, uint32_t tag, struct msg_queue_stats *m)
{
	struct stats *s = xcalloc(1, sizeof(*s));

	(void)m;
	s->from = c;
	s->tag = tag;
	LIST_INSERT_HEAD(&all, s, entry);
	fiber_start(run, s);
}

void
stats_closed(struct channel *c)
{
	struct stats *s;

	LIST_FOREACH(s, &all, entry)
		if (s->from == c)
			s->from = NULL;
}
