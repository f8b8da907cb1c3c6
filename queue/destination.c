/* SPDX-License-Identifier: ISC */
/*
 * destination - interned hops, and the order in which they have their turns
 *
 * A destination with jobs stands in one of four lists: FRESH (it has new mail),
 * OLD (what it has was tried before), SLEEP (its rate says not yet), FULL (its
 * window, or its share). Turns go round in each list, and FRESH has three of
 * four, so that neither a large destination nor a large heap of old mail delays
 * anybody.
 *
 * When more than half of all connections are taken, a destination gets no more
 * than its share, so that slow ones cannot have them all.
 */
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/mail/hop.h"
#include "queue/destination.h"
#include "queue/reason.h"

#define FRESH_TURNS	3	/* then one for OLD */
#define IDLE_MS		600000	/* what is known of one that nobody holds */
#define IDLE_MOST	10000

TAILQ_HEAD(destinations, destination);

enum list { FRESH, OLD, SLEEP, FULL, LISTS, NOWHERE = LISTS };

struct destination {
	struct destination *next;	/* of the chain */
	TAILQ_ENTRY(destination) entry;	/* of its list, or of those idle */
	struct jobs *work;		/* while there are any */
	struct job *open;		/* being collected */
	struct destination *next_open;
	struct reason *trouble;		/* of the last failure */
	struct window window;
	int64_t free_at, idle_at;	/* rate; nobody holds it since */
	uint32_t hash, holders;
	uint32_t flying;
	uint8_t list;
	bool active;			/* counted in all.active */
	bool named;			/* by a route */
	uint16_t n;
	char hop[];
};

static struct {
	struct destination **chain;
	uint32_t size, count;
	struct destinations list[LISTS], idle;
	uint32_t idle_n, flying, active;
	unsigned turn;
	int64_t now, sleep_until;	/* of the first sleeper */
	struct destination *open;
	struct destination_limits limits;
	bool ready;
	bool squeezed;			/* some are FULL by their share */
} all = { .limits = { 1000, 0, 100, { 20, 300, 14400 } } };

/* ---- one for each text ---- */

static void
grow(void)
{
	uint32_t size = all.size > 0 ? all.size * 2 : 64;
	struct destination **chain = xcalloc(size, sizeof(*chain));

	for (uint32_t i = 0; i < all.size; i++)
		for (struct destination *d = all.chain[i], *next; d; d = next) {
			next = d->next;
			d->next = chain[d->hash & (size - 1)];
			chain[d->hash & (size - 1)] = d;
		}
	free(all.chain);
	all.chain = chain;
	all.size = size;
}

static void
prepare(void)
{
	if (all.ready)
		return;
	all.ready = true;
	for (size_t i = 0; i < LISTS; i++)
		TAILQ_INIT(&all.list[i]);
	TAILQ_INIT(&all.idle);
}

static void
forget(struct destination *d)
{
	struct destination **at = &all.chain[d->hash & (all.size - 1)];

	TAILQ_REMOVE(&all.idle, d, entry);
	all.idle_n--;
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	all.count--;
	reason_drop(&d->trouble);
	free(d);
}

static void
forget_idle(void)
{
	struct destination *d;

	while ((d = TAILQ_FIRST(&all.idle)) != NULL &&
	    (all.idle_n > IDLE_MOST ||
		d->idle_at + IDLE_MS < clock_ms()))
		forget(d);
}

static struct destination *
destination_new(struct view hop, uint32_t hash)
{
	struct destination *d = xcalloc(1, sizeof(*d) + hop.n);

	must(hop.n <= UINT16_MAX);
	d->hash = hash;
	d->named = hop_is_named(hop);
	window_init(&d->window, d->named);
	d->list = NOWHERE;
	d->n = (uint16_t)hop.n;
	memcpy(d->hop, hop.p, hop.n);
	d->next = all.chain[hash & (all.size - 1)];
	all.chain[hash & (all.size - 1)] = d;
	all.count++;
	return d;
}

struct destination *
destination_hold(struct destination *d)
{
	if (d->holders++ > 0 || d->idle_at == 0)
		return d;
	TAILQ_REMOVE(&all.idle, d, entry);
	all.idle_n--;
	d->idle_at = 0;
	return d;
}

struct destination *
destination_take(struct view hop)
{
	uint32_t hash = view_hash(VIEW_HASH, hop);
	struct destination *d;

	prepare();
	if (all.count >= all.size)
		grow();
	d = all.chain[hash & (all.size - 1)];
	while (d != NULL && !view_eq(destination_hop(d), hop))
		d = d->next;
	if (d == NULL) {
		forget_idle();
		d = destination_new(hop, hash);
	}
	return destination_hold(d);
}

void
destination_drop(struct destination **held)
{
	struct destination *d = *held;

	*held = NULL;
	if (d == NULL || --d->holders > 0)
		return;
	d->idle_at = clock_ms();
	TAILQ_INSERT_TAIL(&all.idle, d, entry);
	all.idle_n++;
}

struct view
destination_hop(const struct destination *d)
{
	return view_bytes(d->hop, d->n);
}

bool
destination_delivers(const struct destination *d)
{
	return hop_delivers(destination_hop(d));
}

/* ---- lists ---- */

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static struct window_limits
limits_of(const struct destination *d)
{
	struct window_limits l = all.limits.window;

	if (d->named)
		l.most = all.limits.named;
	return l;
}

/* How many transactions may be under way. */
static uint32_t
allowed(const struct destination *d)
{
	uint32_t half = all.limits.total / 2, share;
	uint32_t w = window_size(&d->window, limits_of(d).most);

	if (all.flying <= half || all.active == 0)
		return w;
	all.squeezed = true;
	share = half / all.active;
	return least(w, share > 0 ? share : 1);
}

static enum list
list_for(const struct destination *d)
{
	if (d->work == NULL)
		return NOWHERE;
	if (d->window.until <= all.now && d->flying >= allowed(d))
		return FULL;
	if (d->window.until <= all.now && d->free_at > all.now)
		return SLEEP;
	return jobs_are_fresh(d->work) ? FRESH : OLD;
}

static void
unlist(struct destination *d)
{
	if (d->list != NOWHERE)
		TAILQ_REMOVE(&all.list[d->list], d, entry);
	d->list = NOWHERE;
}

/* Where it belongs now; one that is in the right list keeps its place. */
static void
relist(struct destination *d)
{
	enum list to = list_for(d);
	bool active = d->work != NULL || d->flying > 0;

	all.active += active - d->active;
	d->active = active;
	if (to == d->list)
		return;
	unlist(d);
	d->list = (uint8_t)to;
	if (to == NOWHERE)
		return;
	TAILQ_INSERT_TAIL(&all.list[to], d, entry);
	if (to == SLEEP && d->free_at < all.sleep_until)
		all.sleep_until = d->free_at;
}

static void
wake_sleepers(void)
{
	struct destination *d, *next;

	if (all.sleep_until > all.now)
		return;
	all.sleep_until = INT64_MAX;
	TAILQ_FOREACH_SAFE(d, &all.list[SLEEP], entry, next) {
		relist(d);
		if (d->list == SLEEP && d->free_at < all.sleep_until)
			all.sleep_until = d->free_at;
	}
}

/* There is enough for all again: who has its share may have more. */
static void
release_full(void)
{
	struct destination *d, *next;

	if (!all.squeezed || all.flying > all.limits.total / 2)
		return;
	all.squeezed = false;
	TAILQ_FOREACH_SAFE(d, &all.list[FULL], entry, next)
		relist(d);
}

/* ---- jobs ---- */

static void
put(struct destination *d, struct job *j, bool first)
{
	if (d->work == NULL)
		d->work = jobs_new();
	jobs_put(d->work, j, first);
	relist(d);
}

void
destination_add(struct destination *d, const struct job *like, uint32_t rcpt)
{
	struct job *j = d->open;

	if (j == NULL) {
		d->next_open = all.open;
		all.open = d;
	}
	if (j == NULL || j->n == j->cap) {
		uint32_t cap = j != NULL ? j->cap * 2 : 1;

		j = xrealloc(j, sizeof(*j) + cap * sizeof(j->rcpt[0]));
		if (d->open == NULL)
			*j = *like;
		j->cap = cap;
		d->open = j;
	}
	must(j->mail == like->mail);
	j->rcpt[j->n++] = rcpt;
}

bool
destination_close(void)
{
	bool any = all.open != NULL;
	struct destination *d;

	while ((d = all.open) != NULL) {
		struct job *j = d->open;

		all.open = d->next_open;
		d->open = NULL;
		destination_hold(d);
		put(d, j, false);
	}
	return any;
}

void
destination_again(struct destination *d, struct job *j, bool first)
{
	put(d, j, first);
}

/* ---- turns ---- */

/* The first that still belongs there: shares get smaller while it waits. */
static struct destination *
first_of(enum list list)
{
	struct destination *d;

	while ((d = TAILQ_FIRST(&all.list[list])) != NULL &&
	    list_for(d) != list)
		relist(d);
	return d;
}

static struct destination *
next_in_turn(void)
{
	bool old = ++all.turn % (FRESH_TURNS + 1) == 0;
	struct destination *d = first_of(old ? OLD : FRESH);

	return d != NULL ? d : first_of(old ? FRESH : OLD);
}

struct job *
destination_next(int64_t now, struct destination **to, int64_t *wait)
{
	struct destination *d = NULL;
	struct job *j;

	prepare();
	all.now = now;
	*wait = -1;
	wake_sleepers();
	release_full();
	if (all.flying >= all.limits.total)
		return NULL;
	d = next_in_turn();
	if (d == NULL) {
		if (!TAILQ_EMPTY(&all.list[SLEEP]))
			*wait = all.sleep_until - now;
		return NULL;
	}
	j = jobs_take(&d->work);
	unlist(d);
	relist(d);
	*to = d;
	return j;
}

void
destination_begin(struct destination *d, int64_t now)
{
	all.now = now;
	d->flying++;
	all.flying++;
	relist(d);
}

void
destination_count(struct destination *d, int64_t now)
{
	if (all.limits.rate > 0)
		d->free_at = now + 60000 / all.limits.rate;
	relist(d);
}

void
destination_end(struct destination *d)
{
	must(d->flying > 0 && all.flying > 0);
	d->flying--;
	all.flying--;
	relist(d);
}

/* ---- what comes of it ---- */

void
destination_learn(struct destination *d, const struct news *news)
{
	const struct window_limits l = limits_of(d);

	all.now = news->now;
	window_learn(&d->window, news, &l);
	if (news->contact != CONTACT_UNTRIED)
		reason_drop(&d->trouble);
	if (news->contact == CONTACT_FAILED)
		d->trouble = reason_take(VIEW_LIT("4.1"), news->sentence,
		    VIEW_NONE, VIEW_NONE);
	relist(d);
}

int64_t
destination_until(const struct destination *d, int64_t now)
{
	return d->window.until > now ? d->window.until : 0;
}

const struct reason *
destination_trouble(const struct destination *d)
{
	return d->trouble;
}

void
destination_wake(struct destination *d)
{
	d->window.until = 0;
	relist(d);
}

void
destination_limit(const struct destination_limits *l)
{
	all.limits = *l;
}

void
destination_describe(const struct destination *d, struct destination_state *s)
{
	*s = (struct destination_state){ .trying = d->flying,
		.until = d->window.until,
		.window = window_size(&d->window, limits_of(d).most) };
}
