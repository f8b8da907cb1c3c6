/* SPDX-License-Identifier: ISC */
/*
 * penalty - counts by address and by address and account, four to a row
 *
 * Rows are chosen by a hash with a random start, so that nobody can aim at the
 * row of somebody else. Two names with one hash share a count. Two counts stand
 * in a slot: one of the delay, of which a wrong password is forgiven each
 * minute, and one of the failures that lead to being shut out, which are
 * forgotten together after an hour without one.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <bsd/string.h>

#include "auth/penalty.h"

#define ROWS	    1024
#define WAYS	    4
#define FIRST_MS    500
#define DOUBLES	    4		/* up to 8 s */
#define FORGIVE_MS  60000	/* one wrong password is forgotten */
#define FORGET_MS   3600000	/* all are */
#define SUSPECT	    3		/* so many make one */

struct slot {
	uint64_t who;
	int64_t forgiven;	/* when the delay was last made less */
	unsigned count;		/* of the delay */
	uint64_t password;	/* hash of the last one, 0: not known */
	bool used;
	struct guesser guesser;
};

/* Whom a client counts as. */
struct network {
	unsigned char octets[16];
	size_t n;		/* that count; 0: text */
	char text[64];
	bool ours;
};

enum table { BY_ADDRESS, BY_ACCOUNT, TABLES };

static struct slot slots[TABLES][ROWS][WAYS];
static uint64_t seed, most = 20;
static int64_t lockout = 900000;

void
penalty_start(void)
{
	arc4random_buf(&seed, sizeof(seed));
}

void
penalty_limits(uint64_t failures, int64_t lockout_ms)
{
	most = failures;
	lockout = lockout_ms;
}

static uint64_t
hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * 0x100000001b3;
	return h;
}

static void
take_six(struct network *n, const struct in6_addr *six)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr net = { 0 };

	memcpy(&net, six, 8);
	n->n = 8;
	memcpy(n->octets, six, 8);
	n->ours = IN6_IS_ADDR_LOOPBACK(six);
	inet_ntop(AF_INET6, &net, text, sizeof(text));
	snprintf(n->text, sizeof(n->text), "%s/64", text);
}

/* False when the text is no address. A mapped one is that of IPv4. */
static bool
take_address(struct network *n, const char *text)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET6, text, &six) == 1) {
		if (!IN6_IS_ADDR_V4MAPPED(&six)) {
			take_six(n, &six);
			return true;
		}
		memcpy(&four, six.s6_addr + 12, 4);
	} else if (inet_pton(AF_INET, text, &four) != 1) {
		return false;
	}
	n->n = 4;
	memcpy(n->octets, &four, 4);
	n->ours = four.s_addr == htonl(INADDR_LOOPBACK);
	inet_ntop(AF_INET, &four, n->text, sizeof(n->text));
	return true;
}

static void
network_of(struct network *n, struct view client)
{
	char text[64];

	*n = (struct network){ 0 };
	snprintf(text, sizeof(text), "%.*s", VIEW(client));
	text[strcspn(text, "/")] = '\0';
	if (take_address(n, text))
		return;
	strlcpy(n->text, text, sizeof(n->text));
	n->ours = strcmp(text, "local") == 0;
}

static uint64_t
who_is(const struct network *n, struct view account)
{
	uint64_t h = hash(seed ^ 0xcbf29ce484222325, &n->n, sizeof(n->n));

	h = n->n > 0 ? hash(h, n->octets, n->n) :
	    hash(h, n->text, strlen(n->text));
	for (size_t i = 0; i < account.n; i++) {
		char c = to_lower(account.p[i]);

		h = hash(h, &c, 1);
	}
	return h;
}

/* The slot of this one, NULL when there is none. */
static struct slot *
find(enum table t, uint64_t who)
{
	struct slot *row = slots[t][(who >> 32) % ROWS];

	for (size_t i = 0; i < WAYS; i++)
		if (row[i].used && row[i].who == who)
			return &row[i];
	return NULL;
}

static struct slot *
find_or_make(enum table t, uint64_t who, const struct network *n,
    struct view account)
{
	struct slot *row = slots[t][(who >> 32) % ROWS], *s = find(t, who);

	if (s != NULL)
		return s;
	s = row;
	for (size_t i = 0; i < WAYS; i++)
		if (!row[i].used || (s->used &&
			row[i].guesser.last < s->guesser.last))
			s = &row[i];
	*s = (struct slot){ .who = who, .used = true };
	strlcpy(s->guesser.network, n->text, sizeof(s->guesser.network));
	snprintf(s->guesser.account, sizeof(s->guesser.account), "%.*s",
	    VIEW(account));
	return s;
}

/* Forget what time has healed. */
static void
forgive(struct slot *s, int64_t now)
{
	uint64_t forgiven = (uint64_t)(now - s->forgiven) / FORGIVE_MS;

	if (forgiven > 0) {
		s->count = forgiven < s->count ?
		    s->count - (unsigned)forgiven : 0;
		s->forgiven = now;
	}
	if (s->guesser.until <= now)
		s->guesser.until = 0;
	if (now - s->guesser.last >= FORGET_MS && s->guesser.until == 0)
		s->guesser.failures = 0;
}

static bool
is_shut(enum table t, uint64_t who, int64_t now)
{
	const struct slot *s = find(t, who);

	return s != NULL && s->guesser.until > now;
}

/* True when this one closes the door. */
static bool
count(struct slot *s, uint64_t limit, int64_t now)
{
	s->guesser.last = now;
	if (++s->guesser.failures < limit || s->guesser.until > now)
		return false;
	s->guesser.failures = 0;
	s->guesser.until = now + lockout;
	return true;
}

bool
penalty_is_suspect(struct view client, int64_t now)
{
	struct network n;
	struct slot *s;

	network_of(&n, client);
	s = find(BY_ADDRESS, who_is(&n, VIEW_NONE));
	if (s == NULL)
		return false;
	forgive(s, now);
	return s->count >= SUSPECT;
}

bool
penalty_is_shut_out(struct view client, struct view account, int64_t now)
{
	struct network n;

	network_of(&n, client);
	return is_shut(BY_ADDRESS, who_is(&n, VIEW_NONE), now) ||
	    (account.n > 0 && is_shut(BY_ACCOUNT, who_is(&n, account), now));
}

/* Has this password been the account's last one from there? */
static bool
is_repeated(struct slot *s, struct view password)
{
	uint64_t h = password.n == 0 ? 0 :
	    hash(seed, password.p, password.n) | 1;
	bool repeated = h != 0 && h == s->password;

	s->password = h;
	return repeated;
}

int64_t
penalty_add(const struct guess *g, int64_t now, enum penalty_shut *shut)
{
	struct network n;
	struct slot *a, *b;

	network_of(&n, g->client);
	a = find_or_make(BY_ADDRESS, who_is(&n, VIEW_NONE), &n, VIEW_NONE);
	b = find_or_make(BY_ACCOUNT, who_is(&n, g->account), &n, g->account);
	forgive(a, now);
	forgive(b, now);
	*shut = PENALTY_OPEN;
	if (!is_repeated(b, g->password)) {
		if (count(b, (most + 1) / 2, now))
			*shut = PENALTY_ACCOUNT;
		if (count(a, n.ours ? UINT64_MAX : most, now))
			*shut = PENALTY_ADDRESS;
	}
	a->forgiven = now;
	if (a->count <= DOUBLES)
		a->count++;
	return FIRST_MS << (a->count - 1);
}

void
penalty_forget(struct view client, struct view account)
{
	struct network n;
	struct slot *s;

	network_of(&n, client);
	s = find(BY_ACCOUNT, who_is(&n, account));
	if (s != NULL)
		s->used = false;
}

/* ---- for the administrator ---- */

/* The slots as one row. */
static struct slot *
slot_nth(size_t i)
{
	return &slots[i / (ROWS * WAYS)][i / WAYS % ROWS][i % WAYS];
}

void
penalty_each(int64_t now, void (*fn)(void *arg, const struct guesser *g),
    void *arg)
{
	for (size_t i = 0; i < (size_t)TABLES * ROWS * WAYS; i++) {
		struct slot *s = slot_nth(i);

		if (!s->used)
			continue;
		forgive(s, now);
		if (s->guesser.failures > 0 || s->guesser.until > 0)
			fn(arg, &s->guesser);
	}
}

unsigned
penalty_clear(struct view client)
{
	unsigned cleared = 0;
	struct network n;

	network_of(&n, client);
	for (size_t i = 0; i < (size_t)TABLES * ROWS * WAYS; i++) {
		struct slot *s = slot_nth(i);

		if (!s->used || (client.n > 0 &&
			strcmp(s->guesser.network, n.text) != 0))
			continue;
		s->used = false;
		cleared++;
	}
	return cleared;
}
