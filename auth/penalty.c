/* SPDX-License-Identifier: ISC */
/*
 * penalty - counts by address, four to a row
 *
 * Rows are chosen by a hash with a random start, so that nobody can aim at the
 * row of somebody else. Two addresses with one hash share a count.
 */
#include <arpa/inet.h>

#include <stdlib.h>

#include "auth/penalty.h"

#define ROWS	    1024
#define WAYS	    4
#define FIRST_MS    500
#define DOUBLES	    4		/* up to 8 s */
#define FORGIVE_MS  60000	/* one wrong password is forgotten */
#define SUSPECT	    3		/* so many make one */

struct slot {
	uint64_t who;
	int64_t last;
	unsigned count;		/* 0: free */
};

static struct slot slots[ROWS][WAYS];
static uint64_t seed;

void
penalty_start(void)
{
	arc4random_buf(&seed, sizeof(seed));
}

static uint64_t
hash(const void *p, size_t n)
{
	const unsigned char *c = p;
	uint64_t h = seed ^ 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * 0x100000001b3;
	return h;
}

static uint64_t
who_is(struct view client)
{
	struct in6_addr six;
	char text[64];

	if (client.n < sizeof(text)) {
		memcpy(text, client.p, client.n);
		text[client.n] = '\0';
		if (inet_pton(AF_INET6, text, &six) == 1 &&
		    !IN6_IS_ADDR_V4MAPPED(&six))
			return hash(&six, 8);
	}
	return hash(client.p, client.n);
}

/* The slot of this address, or the one to use for it. */
static struct slot *
find(uint64_t who)
{
	struct slot *row = slots[(who >> 32) % ROWS], *best = row;

	for (size_t i = 0; i < WAYS; i++) {
		if (row[i].count > 0 && row[i].who == who)
			return &row[i];
		if (row[i].count == 0 || (best->count > 0 &&
			row[i].last < best->last))
			best = &row[i];
	}
	best->count = 0;
	best->who = who;
	return best;
}

/* Forget what time has healed. */
static void
forgive(struct slot *s, int64_t now)
{
	uint64_t forgiven = (uint64_t)(now - s->last) / FORGIVE_MS;

	if (forgiven == 0)
		return;
	s->count = forgiven < s->count ? s->count - (unsigned)forgiven : 0;
	s->last = now;
}

bool
penalty_is_suspect(struct view client, int64_t now)
{
	uint64_t who = who_is(client);
	struct slot *row = slots[(who >> 32) % ROWS];

	for (size_t i = 0; i < WAYS; i++) {
		if (row[i].who != who || row[i].count == 0)
			continue;
		forgive(&row[i], now);
		return row[i].count >= SUSPECT;
	}
	return false;
}

int64_t
penalty_add(struct view client, int64_t now)
{
	struct slot *s = find(who_is(client));

	forgive(s, now);
	s->last = now;
	if (s->count <= DOUBLES)
		s->count++;
	return FIRST_MS << (s->count - 1);
}
