/* SPDX-License-Identifier: ISC */
/*
 * serve - one lookup for all who ask the same, answered in time
 *
 * A lookup lives until it is answered or dns_timeout has passed; then all who
 * wait for it are told. What comes later than that only fills the cache. While
 * it is not known yet how to ask (mode_known), lookups wait for that, and their
 * time runs.
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "lib/base/log.h"
#include "lib/base/tree.h"
#include "lib/proc/service.h"
#include "resolver/mode.h"
#include "resolver/serve.h"
#include "resolver/special.h"

#define LOOKUPS_MOST	20000
#define ASKERS_MOST	100000	/* who wait for them */

struct asker {
	STAILQ_ENTRY(asker) entry;
	struct channel *channel;	/* NULL: has gone */
	uint32_t tag;
};

struct lookup {
	RB_ENTRY(lookup) node;
	struct question question;
	STAILQ_HEAD(, asker) askers;
	struct loop_timer *timer;
	int64_t deadline;
	bool asked;	/* an answer will come */
	bool told;	/* not in the tree any more */
	char name[DNS_NAME_MAX + 1];
};

static int
by_question(const struct lookup *a, const struct lookup *b)
{
	if (a->question.type != b->question.type)
		return a->question.type < b->question.type ? -1 : 1;
	return view_cmp(a->question.name, b->question.name);
}

RB_HEAD(lookups, lookup);
TREE_GENERATE(lookups, lookup, node, by_question)

static struct lookups lookups = RB_INITIALIZER(&lookups);
static size_t count;	/* also those that were told and wait to be freed */
static size_t askers;

/* ---- answers ---- */

static void
send_answer(struct channel *c, uint32_t tag, const struct dns_answer *a)
{
	struct message m = { .type = MSG_resolved, .tag = tag,
		.resolved = { .result = (uint8_t)a->result,
		    .secure = a->secure,
		    .canonical = a->canonical,
		    .ttl = a->ttl,
		    .records = a->records,
		    .sentence = a->sentence } };

	if (channel_send(c, &m))
		return;
	m.resolved = (struct msg_resolved){ .result = DNS_FAILED,
		.canonical = a->canonical,
		.records = VIEW_NONE,
		.sentence = VIEW_LIT("there are too many records") };
	channel_send(c, &m);
}

static struct dns_answer
failure(const struct lookup *l, struct view sentence)
{
	return (struct dns_answer){ .result = DNS_FAILED,
		.canonical = l->question.name,
		.records = VIEW_NONE,
		.sentence = sentence };
}

static void
lookup_free(struct lookup *l)
{
	free(l);
	count--;
}

/* Tell all who wait. The lookup stays while an answer is still to come. */
static void
tell(struct lookup *l, const struct dns_answer *answer)
{
	struct asker *one;

	while ((one = STAILQ_FIRST(&l->askers)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->askers, entry);
		if (one->channel != NULL)
			send_answer(one->channel, one->tag, answer);
		free(one);
		askers--;
	}
	RB_REMOVE(lookups, &lookups, l);
	loop_timer_free(&l->timer);
	l->told = true;
	if (!l->asked)
		lookup_free(l);
}

static void
on_answer(void *arg, const struct dns_answer *answer)
{
	struct lookup *l = arg;
	struct why w;

	l->asked = false;
	if (l->told) {
		lookup_free(l);
		return;
	}
	why_set(&w, VERDICT_LATER, VIEW_NONE, answer->sentence);
	if (answer->result == DNS_BOGUS)
		log_warning("dns", "bogus name=%s type=%u (%s)", l->name,
		    l->question.type, w.text);
	tell(l, answer);
}

static void
on_timeout(void *arg)
{
	struct lookup *l = arg;
	struct dns_answer answer = failure(l,
	    VIEW_LIT("no name server has answered in time"));

	tell(l, &answer);
}

/* ---- questions ---- */

static void
start(struct lookup *l)
{
	struct dns_answer answer = failure(l,
	    VIEW_LIT("there is no name server"));

	if (l->asked || !mode_known())
		return;
	if (!mode_able()) {
		tell(l, &answer);
		return;
	}
	l->asked = true;
	mode_ask(&l->question, l->deadline, on_answer, l);
}

static void
start_all(void)
{
	struct lookup *l, *next;

	RB_FOREACH_SAFE(l, lookups, &lookups, next)
		start(l);
}

static struct lookup *
lookup_new(const struct question *q)
{
	struct lookup *l = xcalloc(1, sizeof(*l));
	int64_t limit = service_settings()->dns_timeout * 1000;

	memcpy(l->name, q->name.p, q->name.n);
	l->question = (struct question){ view_bytes(l->name, q->name.n),
		q->type };
	STAILQ_INIT(&l->askers);
	l->deadline = deadline_in(limit);
	l->timer = loop_timer_new(limit, on_timeout, l);
	RB_INSERT(lookups, &lookups, l);
	count++;
	return l;
}

static void
join(const struct question *q, struct channel *c, uint32_t tag)
{
	struct lookup key = { .question = *q };
	struct lookup *l = RB_FIND(lookups, &lookups, &key);
	struct asker *one = xcalloc(1, sizeof(*one));

	one->channel = c;
	one->tag = tag;
	if (l == NULL)
		l = lookup_new(q);
	STAILQ_INSERT_TAIL(&l->askers, one, entry);
	askers++;
	start(l);
}

void
serve_resolve(struct channel *c, uint32_t tag, struct msg_resolve *m)
{
	struct dns_answer answer = { .result = DNS_NO_NAME,
		.canonical = VIEW_NONE,
		.records = VIEW_NONE,
		.sentence = VIEW_LIT("no name can look like this") };
	struct question q = { .type = m->type & 0xffff };
	char lower[DNS_NAME_MAX];
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < m->name.n && i < sizeof(lower); i++)
		lower[i] = to_lower(m->name.p[i]);
	q.name = view_bytes(lower, m->name.n);
	if (!dns_name_ok(m->name) || special_answer(&q, &a, &answer)) {
		send_answer(c, tag, &answer);
	} else if (count >= LOOKUPS_MOST || askers >= ASKERS_MOST) {
		answer.result = DNS_FAILED;
		answer.sentence = VIEW_LIT("too many questions at once");
		send_answer(c, tag, &answer);
	} else {
		join(&q, c, tag);
	}
	arena_reset(&a);
}

void
serve_closed(struct channel *c)
{
	struct lookup *l;
	struct asker *one;

	RB_FOREACH(l, lookups, &lookups)
		STAILQ_FOREACH(one, &l->askers, entry)
			if (one->channel == c)
				one->channel = NULL;
}

void
serve_begin(void)
{
	mode_begin(start_all);
}
