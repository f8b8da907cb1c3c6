/* SPDX-License-Identifier: ISC */
/*
 * window - growing, halving, leaving alone
 */
#include "queue/schedule.h"
#include "queue/window.h"

#define SIZE_FIRST	5
#define SIZE_NAMED	20	/* first, of a host that a route names */
#define SIZE_AGAIN	2	/* of one that was dead */

void
window_init(struct window *w, bool named)
{
	*w = (struct window){ .size = named ? SIZE_NAMED : SIZE_FIRST };
}

/* A dead one gets a single probe. */
uint32_t
window_size(const struct window *w, uint32_t most)
{
	if (w->failures > 0)
		return 1;
	return w->size < most ? w->size : most;
}

static void
grow(struct window *w, uint32_t most)
{
	if (w->cautious && ++w->grown < w->size)
		return;
	w->grown = 0;
	if (w->size < most)
		w->size++;
}

static void
leave_alone(struct window *w, const struct news *n,
    const struct window_limits *l)
{
	if (w->failures < UINT16_MAX)
		w->failures++;
	w->dead_at = n->now;
	w->cautious = false;
	w->size = SIZE_AGAIN;
	w->until = n->now + 1000 * (int64_t)schedule_wait(
	    (uint16_t)w->failures, l->wait_first, l->wait_most, n->random);
}

void
window_learn(struct window *w, const struct news *n,
    const struct window_limits *l)
{
	if (n->contact == CONTACT_UNTRIED)
		return;
	if (n->contact != CONTACT_FAILED) {
		w->good_at = n->now;
		w->failures = 0;
		w->until = 0;
		if (n->contact == CONTACT_TALKED)
			grow(w, l->most);
		return;
	}
	w->grown = 0;
	if (w->good_at > n->began) {
		w->cautious = true;
		w->size = w->size > 1 ? w->size / 2 : 1;
	} else if (n->began >= w->dead_at) {
		/* those that began before it was known say nothing new */
		leave_alone(w, n, l);
	}
}
