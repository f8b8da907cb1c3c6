/* SPDX-License-Identifier: ISC */
/*
 * watch - one look every two seconds
 */
#include "lib/proc/fiber.h"
#include "master/house.h"
#include "master/roster.h"
#include "master/watch.h"

#define LOOK_MS		2000

void
watch_hand_over(struct watch *w)
{
	struct child *c = roster_find(w->role, 0);

	w->changed();
	w->unsettled = false;
	if (c != NULL && c->greeted && c->channel != NULL)
		w->send(c);
}

/* What was there is remembered before it is read. */
void
watch_give(struct watch *w, struct child *c)
{
	if (w->changed() && w->known)
		w->unsettled = true;
	w->known = true;
	w->send(c);
}

static void
look(void *arg)
{
	struct watch *w = arg;

	loop_timer_free(&w->timer);
	if (house_is_stopping())
		return;
	w->timer = loop_timer_new(LOOK_MS, look, w);
	if (w->changed())
		w->unsettled = true;
	else if (w->unsettled)
		watch_hand_over(w);
}

void
watch_begin(struct watch *w)
{
	w->timer = loop_timer_new(LOOK_MS, look, w);
}
