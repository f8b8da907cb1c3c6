/* SPDX-License-Identifier: ISC */
/*
 * crowd - one tree of places, and a list of those that nobody is at
 *
 * The rate is a bucket: each new session adds one, a minute drains `rate` of
 * them, evenly. A place without sessions whose bucket has run dry says nothing
 * and is forgotten; so is the one that is empty for longest when there are too
 * many of them.
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>

#include "lib/base/tree.h"
#include "lib/proc/crowd.h"

#define MINUTE_MS	60000
#define FORGET_AT_ONCE	4	/* places looked at for each new session */

struct crowd_place {
	RB_ENTRY(crowd_place) entry;
	TAILQ_ENTRY(crowd_place) empty;
	struct network network;	/* the key */
	uint64_t sessions;
	uint64_t bucket;	/* in 1/60000 of a session */
	int64_t drained;	/* when it was, last */
	int64_t dry;		/* when it will be empty */
};

static int
by_network(const struct crowd_place *a, const struct crowd_place *b)
{
	if (a->network.bits != b->network.bits)
		return a->network.bits < b->network.bits ? -1 : 1;
	return memcmp(&a->network.address, &b->network.address,
	    sizeof(a->network.address));
}

RB_HEAD(places, crowd_place);
TREE_GENERATE(places, crowd_place, entry, by_network)

static struct places places = RB_INITIALIZER(&places);
static TAILQ_HEAD(, crowd_place) empty = TAILQ_HEAD_INITIALIZER(empty);
static size_t size, empty_n;

size_t
crowd_size(void)
{
	return size;
}

uint64_t
crowd_client(const struct crowd_spot *spot)
{
	return spot->client != NULL ? spot->client->sessions : 0;
}

uint64_t
crowd_network(const struct crowd_spot *spot)
{
	return spot->network != NULL ? spot->network->sessions : 0;
}

/* ---- places ---- */

static struct crowd_place *
place(const struct address16 *a, unsigned bits)
{
	struct crowd_place key = { .network = {
		address16_prefix(a, bits), bits } };
	struct crowd_place *p = RB_FIND(places, &places, &key);

	if (p != NULL)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->network = key.network;
	RB_INSERT(places, &places, p);
	TAILQ_INSERT_TAIL(&empty, p, empty);
	empty_n++;
	size++;
	return p;
}

static void
forget(struct crowd_place *p)
{
	TAILQ_REMOVE(&empty, p, empty);
	empty_n--;
	RB_REMOVE(places, &places, p);
	size--;
	free(p);
}

/* The oldest go first; a few at a time, so that no session pays for many. */
static void
forget_some(int64_t now)
{
	struct crowd_place *p, *next;
	int looked = 0;

	TAILQ_FOREACH_SAFE(p, &empty, empty, next) {
		if (looked++ == FORGET_AT_ONCE)
			break;
		if (p->dry <= now || empty_n > CROWD_KEPT)
			forget(p);
	}
}

static void
come(struct crowd_place *p)
{
	if (p->sessions++ > 0)
		return;
	TAILQ_REMOVE(&empty, p, empty);
	empty_n--;
}

static void
go(struct crowd_place *p)
{
	must(p->sessions > 0);
	if (--p->sessions > 0)
		return;
	TAILQ_INSERT_TAIL(&empty, p, empty);
	empty_n++;
}

/* ---- the rate ---- */

static void
drain(struct crowd_place *p, uint64_t rate, int64_t now)
{
	uint64_t passed = (uint64_t)(now - p->drained);
	uint64_t out = passed >= MINUTE_MS ? p->bucket : passed * rate;

	p->bucket -= out < p->bucket ? out : p->bucket;
	p->drained = now;
}

/* False when the bucket cannot take another session. */
static bool
pour(struct crowd_place *p, uint64_t rate, int64_t now)
{
	drain(p, rate, now);
	if (p->bucket + MINUTE_MS > rate * MINUTE_MS)
		return false;
	p->bucket += MINUTE_MS;
	p->dry = now + (int64_t)(p->bucket / rate) + 1;
	return true;
}

/* ---- sessions ---- */

enum crowd_verdict
crowd_enter(struct crowd_spot *spot, const struct address16 *a,
    const struct crowd_limits *most, int64_t now)
{
	bool v4 = address16_is_v4(a);
	struct crowd_place *client, *network;

	*spot = (struct crowd_spot){ 0 };
	forget_some(now);
	client = place(a, v4 ? 128 : 64);
	network = place(a, v4 ? 120 : 48);
	if (client->sessions >= most->client)
		return CROWD_CLIENT;
	if (network->sessions >= most->network)
		return CROWD_NETWORK;
	if (!pour(client, most->rate, now))
		return CROWD_RATE;
	come(client);
	come(network);
	*spot = (struct crowd_spot){ client, network };
	return CROWD_FINE;
}

void
crowd_leave(struct crowd_spot *spot)
{
	if (spot->client != NULL)
		go(spot->client);
	if (spot->network != NULL)
		go(spot->network);
	*spot = (struct crowd_spot){ 0 };
}
