/* SPDX-License-Identifier: ISC */
/*
 * pool - places with their idle connections, and who waits
 *
 * A place exists as long as somebody has a spot in it or waits for one. Whoever
 * is woken looks again himself: a spot may be gone already, or an idle connection
 * may have been closed by its server.
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "lib/base/tree.h"
#include "lib/proc/service.h"
#include "lib/mail/hop.h"
#include "smtp/pool.h"

#define IDLE_MS		5000
#define SWEEP_MS	1000
#define AGE_MS		300000	/* then it is looked at anew whom to trust */
#define LIMIT_MS	60000	/* what a server bears may change */

struct idle {
	TAILQ_ENTRY(idle) of_place, of_all;
	struct place *place;
	struct client *client;
	int64_t since;
};
TAILQ_HEAD(idles, idle);

struct place {
	RB_ENTRY(place) entry;
	struct idles idle;	/* oldest first */
	struct fiber_queue waiting;
	size_t open;		/* spots that are taken; idle ones, too */
	size_t users;		/* fibers in pool_enter() */
	size_t limit;		/* that its server has told ... */
	int64_t limit_until;	/* ... and how long that is believed */
	uint8_t demand;
	struct view hop;
	char text[];
};
RB_HEAD(places, place);

static int
by_hop(const struct place *a, const struct place *b)
{
	if (a->demand != b->demand)
		return a->demand < b->demand ? -1 : 1;
	return view_cmp(a->hop, b->hop);
}
TREE_GENERATE(places, place, entry, by_hop)

static struct places places = RB_INITIALIZER(&places);
static struct idles all_idle = TAILQ_HEAD_INITIALIZER(all_idle);
static struct fiber_queue waiting;	/* for smtp_connections */
static size_t open_count;
static struct loop_timer *sweeper;
static bool stopped;
static int64_t renewed = -1;	/* clock_ms() when the settings changed */

/* ---- places ---- */

static struct place *
place_of(struct view hop, uint8_t demand)
{
	struct place key = { .demand = demand, .hop = hop };
	struct place *p = RB_FIND(places, &places, &key);

	if (p != NULL)
		return p;
	p = xcalloc(1, sizeof(*p) + hop.n);
	memcpy(p->text, hop.p, hop.n);
	p->hop = view_bytes(p->text, hop.n);
	p->demand = demand;
	TAILQ_INIT(&p->idle);
	RB_INSERT(places, &places, p);
	return p;
}

static void
forget_if_empty(struct place *p)
{
	if (p->open > 0 || p->users > 0)
		return;
	RB_REMOVE(places, &places, p);
	free(p);
}

static void
give_spot(struct place *p)
{
	p->open--;
	open_count--;
	fiber_queue_wake(&p->waiting);
	fiber_queue_wake(&waiting);
}

/* ---- idle connections ---- */

static struct client *
take_idle(struct idle *i)
{
	struct client *c = i->client;

	TAILQ_REMOVE(&i->place->idle, i, of_place);
	TAILQ_REMOVE(&all_idle, i, of_all);
	free(i);
	return c;
}

static void
close_idle(struct idle *i)
{
	struct place *p = i->place;
	struct client *c = take_idle(i);

	client_close(&c);
	give_spot(p);
	forget_if_empty(p);
}

static void
sweep(void *unused)
{
	int64_t limit = clock_ms() - IDLE_MS;
	struct idle *i;

	loop_timer_free(&sweeper);
	while ((i = TAILQ_FIRST(&all_idle)) != NULL && i->since <= limit)
		close_idle(i);
	if (i != NULL)
		sweeper = loop_timer_new(SWEEP_MS, sweep, unused);
}

/* The one that was used last: it is the least likely to be closed. */
static struct client *
reuse(struct place *p)
{
	struct idle *i;

	while ((i = TAILQ_LAST(&p->idle, idles)) != NULL) {
		struct client *c = take_idle(i);

		if (client_is_quiet(c))
			return c;
		c->broken = true;
		client_close(&c);
		give_spot(p);
	}
	return NULL;
}

/* ---- entering and leaving ---- */

static size_t
most(const struct place *p)
{
	const struct settings *s = service_settings();
	size_t n = hop_is_named(p->hop) ? s->route_connections :
	    s->destination_connections;

	return p->limit < n && p->limit_until > clock_ms() ? p->limit : n;
}

static bool
take_spot(struct place *p)
{
	const struct settings *s = service_settings();

	if (p->open >= most(p))
		return false;
	if (open_count >= s->smtp_connections && !TAILQ_EMPTY(&all_idle))
		close_idle(TAILQ_FIRST(&all_idle));
	if (open_count >= s->smtp_connections)
		return false;
	p->open++;
	open_count++;
	return true;
}

static enum wait
wait_for_spot(struct place *p)
{
	bool here = p->open >= most(p);

	return fiber_queue_wait(here ? &p->waiting : &waiting, DEADLINE_NEVER);
}

static struct place *
enter(struct place *p, struct client **c)
{
	bool ok;

	p->users++;
	do {
		*c = reuse(p);
		ok = *c != NULL || take_spot(p);
	} while (!ok && wait_for_spot(p) != WAIT_CANCELLED);
	p->users--;
	if (ok)
		return p;
	forget_if_empty(p);
	return NULL;
}

struct place *
pool_enter(struct view hop, uint8_t demand, struct client **c)
{
	return enter(place_of(hop, demand), c);
}

void
pool_leave(struct place **p)
{
	give_spot(*p);
	forget_if_empty(*p);
	*p = NULL;
}

bool
pool_step_back(struct place **pp, struct client **c)
{
	struct place *p = *pp;

	if (p->open < 2) {
		pool_leave(pp);
		return false;
	}
	p->limit = p->open - 1;
	p->limit_until = clock_ms() + LIMIT_MS;
	give_spot(p);
	*pp = enter(p, c);
	return *pp != NULL;
}

/* What was found good by other settings, or long ago, is not kept. */
static bool
is_worth_keeping(const struct client *c)
{
	return !stopped && c->since > renewed &&
	    clock_ms() - c->since < AGE_MS;
}

void
pool_keep(struct place **pp, struct client **c)
{
	struct place *p = *pp;
	struct idle *i;

	if (!is_worth_keeping(*c)) {
		client_close(c);
		pool_leave(pp);
		return;
	}
	i = xmalloc(sizeof(*i));
	*i = (struct idle){ .place = p, .client = *c, .since = clock_ms() };
	TAILQ_INSERT_TAIL(&p->idle, i, of_place);
	TAILQ_INSERT_TAIL(&all_idle, i, of_all);
	*c = NULL;
	*pp = NULL;
	if (sweeper == NULL)
		sweeper = loop_timer_new(SWEEP_MS, sweep, NULL);
	fiber_queue_wake(&p->waiting);
	fiber_queue_wake(&waiting);
}

void
pool_renew(void)
{
	renewed = clock_ms();
	while (!TAILQ_EMPTY(&all_idle))
		close_idle(TAILQ_FIRST(&all_idle));
}

void
pool_stop(void)
{
	stopped = true;
	pool_renew();
}
