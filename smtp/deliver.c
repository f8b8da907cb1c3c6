/* SPDX-License-Identifier: ISC */
/*
 * deliver - hosts in their order, until one has taken the mail
 *
 * As long as a host has not been given the content, the next one is tried when
 * it fails: connection, greeting, TLS, MAIL for now, or a line that is lost. When
 * all have failed, the most telling failure is the verdict, and it is "never"
 * only if each host said so.
 */
#include <stdio.h>

#include "lib/proc/service.h"
#include "smtp/deliver.h"
#include "smtp/pool.h"
#include "smtp/rewrite.h"
#include "smtp/transaction.h"

#define CONNECTS_MOST	10	/* hosts and addresses tried for a job */
#define TALKS_MOST	5	/* of them, those that were connected */
#define MAILS_MOST	100	/* in one connection */
#define STEPS_MOST	10	/* waits for a connection of others */

/* The way through the hosts. */
struct tour {
	struct job *j;
	int64_t began;		/* clock_ms() */
	bool begun;
	struct policy policy;
	struct hosts hosts;
	size_t host, address;	/* the next one */
	unsigned connects, talks;
	struct address16 passed;	/* has failed before the tour began */
	bool noted, all_never;
	bool busy;		/* a host has connections enough */
	struct outcome worst;	/* the most telling failure */
};

static void
note(struct tour *t, const struct outcome *o)
{
	if (!t->noted || outcome_tells_more(o, &t->worst))
		t->worst = *o;
	t->all_never = (!t->noted || t->all_never) &&
	    o->verdict == VERDICT_NEVER;
	t->noted = true;
	t->busy = t->busy || o->busy;
}

/* ---- the next host ---- */

static bool
begin(struct tour *t, struct outcome *o)
{
	struct job *j = t->j;
	bool unix_socket = j->hop.kind == HOP_UNIX;

	t->begun = true;
	if (!unix_socket && !hosts_find(&j->hop, &t->hosts, o)) {
		if (o->verdict == VERDICT_NEVER)
			j->contact = CONTACT_NOWHERE;
		return false;
	}
	return policy_begin(&t->policy, j, unix_socket ? NULL : &t->hosts, o);
}

/* False: there is none any more. */
static bool
next_address(struct tour *t, struct client_target *to, struct outcome *o)
{
	struct hosts *h = &t->hosts;

	for (; t->host < h->n; t->host++, t->address = 0) {
		struct host *one = &h->host[t->host];

		if (t->address == 0 && !hosts_addresses(h, t->host, o)) {
			note(t, o);
			continue;
		}
		if (t->address == one->naddresses)
			continue;
		to->host = one;
		to->address = &one->address[t->address++];
		to->port = h->port;
		return true;
	}
	return false;
}

static bool
next_target(struct tour *t, struct client_target *to, struct outcome *o)
{
	*to = (struct client_target){ .hop = &t->j->hop, .policy = &t->policy,
		.since = t->began };
	if (t->connects == CONNECTS_MOST || t->talks == TALKS_MOST ||
	    fiber_cancelled()) {
		/* hosts that were not asked may take it another time */
		t->all_never = false;
		return false;
	}
	if (t->j->hop.kind == HOP_UNIX)
		return t->connects == 0;
	do
		if (!next_address(t, to, o))
			return false;
	while (memcmp(&t->passed, to->address, sizeof(t->passed)) == 0);
	return true;
}

/* A connection to the next host that talks to us. */
static struct client *
reach(struct tour *t, struct outcome *o)
{
	struct client_target to;
	struct client *c;

	if (!t->begun && !begin(t, o)) {
		note(t, o);
		return NULL;
	}
	while (next_target(t, &to, o)) {
		t->connects++;
		c = client_open(&to, o);
		if (c != NULL) {
			t->talks++;
			return c;
		}
		if (o->reply.n > 0)
			t->talks++;
		note(t, o);
	}
	return NULL;
}

/* ---- one job ---- */

/* A connection that was kept may have been closed at its other end in the
 * meantime: that is no failure of the host. */
static void
leave_host(struct tour *t, struct client *c, bool kept,
    const struct outcome *o)
{
	if (c->broken)
		t->j->contact = CONTACT_FAILED;
	if (kept && c->broken)
		return;
	if (kept)
		t->passed = c->address;
	note(t, o);
}

static bool
is_used_up(const struct client *c)
{
	uint64_t most = c->features.mails_most;

	return c->broken || c->mails >= MAILS_MOST ||
	    (most > 0 && c->mails >= most);
}

/* One transaction over c, which is closed when it is of no use any more. */
static void
transact(struct tour *t, struct client **c, struct outcome *o)
{
	bool kept = (*c)->mails > 0;

	o->relay = arena_view(o->arena, (*c)->relay);
	if (transaction_run(*c, t->j, o) == TRANSACTION_HOST) {
		leave_host(t, *c, kept, o);
		client_close(c);
	} else if (is_used_up(*c)) {
		client_close(c);
	}
}

static void
give_up(struct tour *t, struct outcome *o)
{
	struct job *j = t->j;

	if (fiber_cancelled() || !t->noted) {
		outcome_later(o, "3.2", "this program was stopped");
		job_settle_rest(j, o);
		return;
	}
	if (!t->all_never)
		t->worst.verdict = VERDICT_LATER;
	job_settle_rest(j, &t->worst);
	if (j->contact != CONTACT_TALKED)
		j->trouble = t->worst.sentence;
}

/* False: what is not settled finds no host. */
static bool
deliver_over(struct tour *t, struct client **c, struct outcome *o)
{
	struct job *j = t->j;

	while (j->unsettled > 0) {
		if (*c == NULL)
			*c = reach(t, o);
		if (*c == NULL)
			break;
		transact(t, c, o);
	}
	return j->unsettled == 0;
}

/* A host that has connections enough is not down: those that we have are waited
 * for, else a part of a large heap of mail would be put off for minutes. */
static bool
wait_for_others(struct tour *t, struct place **p, struct client **c)
{
	return t->busy && !fiber_cancelled() && pool_step_back(p, c);
}

/* Nothing that would be a line of its own, or a parameter, may be said to a
 * server: a path ends at the first > that is not quoted. */
static bool
is_plain(struct view v)
{
	bool quoted = false;

	for (size_t i = 0; i < v.n; i++) {
		if ((unsigned char)v.p[i] < 32 || v.p[i] == 127 ||
		    (v.p[i] == '>' && !quoted))
			return false;
		if (v.p[i] == '"')
			quoted = !quoted;
		else if (quoted && v.p[i] == '\\' && i + 1 < v.n &&
		    v.p[i + 1] >= ' ' && v.p[i + 1] <= '~')
			i++;
	}
	return !quoted;
}

static bool
check(struct job *j, struct outcome *o)
{
	struct why w;

	if (!hop_parse(j->m.hop, &j->arena, &j->hop, &w))
		return outcome_why(o, &w);
	if (!is_plain(j->m.sender))
		return outcome_never(o, "1.7", "the sender has characters that "
		    "no address has");
	for (size_t i = 0; i < j->nrecipients; i++)
		if (!is_plain(j->recipient[i].address))
			return outcome_never(o, "1.3", "a recipient has "
			    "characters that no address has");
	return true;
}

static void
deliver_from(struct job *j, struct place *p, struct client *c)
{
	struct outcome o = { .arena = &j->arena, .relay = VIEW_NONE };
	struct tour t = { .j = j, .began = clock_ms() };
	unsigned steps = 0;

	while (!deliver_over(&t, &c, &o)) {
		if (steps++ == STEPS_MOST || !wait_for_others(&t, &p, &c)) {
			give_up(&t, &o);
			break;
		}
		t = (struct tour){ .j = j, .began = clock_ms() };
	}
	if (c != NULL)
		pool_keep(&p, &c);
	else if (p != NULL)
		pool_leave(&p);
}

void
deliver_job(struct job *j)
{
	struct outcome o = { .arena = &j->arena, .relay = VIEW_NONE };
	struct client *c;
	struct place *p;

	if (!check(j, &o) || !rewrite_job(j, &o)) {
		job_settle_rest(j, &o);
		return;
	}
	p = pool_enter(j->m.hop, j->m.tls, &c);
	if (p == NULL)
		give_up(&(struct tour){ .j = j }, &o);
	else
		deliver_from(j, p, c);
}
