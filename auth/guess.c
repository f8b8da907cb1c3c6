/* SPDX-License-Identifier: ISC */
/*
 * guess - the tables of penalty.c as messages
 */
#include "auth/guess.h"
#include "auth/penalty.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

struct asker {
	struct channel *channel;
	uint32_t tag;
	int64_t now;
	unsigned told;
};

static void
tell(void *arg, const struct guesser *g)
{
	struct asker *a = arg;
	struct message m = { .type = MSG_guesser, .tag = a->tag };

	m.guesser.network = view_of(g->network);
	m.guesser.account = view_of(g->account);
	m.guesser.failures = g->failures;
	m.guesser.last = (a->now - g->last) / 1000;
	m.guesser.shut = g->until > a->now ?
	    (g->until - a->now + 999) / 1000 : 0;
	channel_send(a->channel, &m);
	a->told++;
}

void
guess_list(struct channel *c, uint32_t tag, struct msg_guess_list *m UNUSED)
{
	struct asker a = { .channel = c, .now = clock_ms() };
	struct why w;

	penalty_each(a.now, tell, &a);
	why_done(&w, "0.0", "%u told", a.told);
	channel_answer(c, tag, &w);
}

void
guess_clear(struct channel *c, uint32_t tag, struct msg_guess_clear *m)
{
	unsigned cleared = penalty_clear(m->network);
	struct why w;

	log_info("auth", "cleared network=%s entries=%u",
	    m->network.n > 0 ? log_quote(m->network) : "all", cleared);
	if (cleared > 0 || m->network.n == 0)
		why_done(&w, "0.0", "%u forgotten", cleared);
	else
		why_never(&w, "0.0", "nobody there has guessed wrong");
	channel_answer(c, tag, &w);
}
