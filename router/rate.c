/* SPDX-License-Identifier: ISC */
/*
 * rate - thirteen counts for each login, of five minutes each
 *
 * Twelve make an hour; the thirteenth is the one that is only partly over. A
 * count is believed only for the five minutes that it was begun in, so nothing
 * has to run when time passes.
 */
#include <bsd/sys/queue.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/tree.h"
#include "router/rate.h"

#define STEP	300	/* seconds */
#define STEPS	13
#define HOUR	3600

struct sender {
	RB_ENTRY(sender) node;
	TAILQ_ENTRY(sender) age;	/* seen longest ago first */
	struct view login;
	int64_t warned;			/* second of the last warning */
	bool refused;			/* warned means something */
	int64_t newest;			/* number of the newest step */
	uint32_t count[STEPS];		/* at the number modulo STEPS */
	char text[];
};

static int
by_login(const struct sender *a, const struct sender *b)
{
	return view_cmp(a->login, b->login);
}

RB_HEAD(senders, sender);
TREE_GENERATE(senders, sender, node, by_login)

static struct senders senders = RB_INITIALIZER(&senders);
static TAILQ_HEAD(, sender) ages = TAILQ_HEAD_INITIALIZER(ages);
static size_t count;

static void
forget(struct sender *s)
{
	RB_REMOVE(senders, &senders, s);
	TAILQ_REMOVE(&ages, s, age);
	free(s);
	count--;
}

static struct sender *
find(struct view login)
{
	struct sender key = { .login = login };

	return RB_FIND(senders, &senders, &key);
}

static struct sender *
find_or_make(struct view login, int64_t step)
{
	struct sender *s = find(login);

	if (s != NULL) {
		TAILQ_REMOVE(&ages, s, age);
		TAILQ_INSERT_TAIL(&ages, s, age);
		return s;
	}
	if (count >= RATE_LOGINS_MOST)
		forget(TAILQ_FIRST(&ages));
	s = xmalloc(sizeof(*s) + login.n);
	memset(s, 0, sizeof(*s));
	memcpy(s->text, login.p, login.n);
	s->login = view_bytes(s->text, login.n);
	s->newest = step;
	must(RB_INSERT(senders, &senders, s) == NULL);
	TAILQ_INSERT_TAIL(&ages, s, age);
	count++;
	return s;
}

/* Counts of steps that are over for an hour are gone. */
static void
advance(struct sender *s, int64_t step)
{
	if (step - s->newest >= STEPS) {
		memset(s->count, 0, sizeof(s->count));
		s->newest = step;
	}
	while (s->newest < step)
		s->count[++s->newest % STEPS] = 0;
}

static uint64_t
sum(const struct sender *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < STEPS; i++)
		n += s->count[i];
	return n;
}

bool
rate_take(struct view login, uint64_t most, int64_t now, bool *first)
{
	struct sender *s = find_or_make(login, now / STEP);

	advance(s, now / STEP);
	if (sum(s) < most) {
		s->count[s->newest % STEPS]++;
		return true;
	}
	*first = !s->refused || now - s->warned >= HOUR;
	if (*first)
		s->warned = now;
	s->refused = true;
	return false;
}

bool
rate_is_free(struct view login, uint64_t most, int64_t now)
{
	struct sender *s = find(login);

	if (s == NULL)
		return true;
	advance(s, now / STEP);
	return sum(s) < most;
}

void
rate_clear(void)
{
	while (!TAILQ_EMPTY(&ages))
		forget(TAILQ_FIRST(&ages));
}
