/* SPDX-License-Identifier: ISC */
/*
 * turns - a queue, and a timer that calls the next one
 *
 * The rest leaves a user who waits for each answer the time for some commands. When
 * the users fall silent, those who still wait go on one a turn of the loop, so that
 * nobody who comes back finds all of them before him.
 */
#include "lib/proc/fiber.h"
#include "lib/proc/turns.h"

#define REST_MS	  1	/* between two handshakes */
#define SILENT_MS 20	/* then no user is at work any more */

static struct {
	struct fiber_queue queue;
	size_t waiting;
	struct loop_timer *timer;
	int64_t worked, taken;		/* ms: the last time */
} turns = { .worked = -SILENT_MS };

void
turns_work(void)
{
	turns.worked = clock_ms();
}

static bool
are_at_work(int64_t now)
{
	return now - turns.worked < SILENT_MS;
}

static void
call_next(void *arg UNUSED)
{
	loop_timer_free(&turns.timer);
	turns.taken = clock_ms();
	fiber_queue_wake(&turns.queue);
}

static void
arm(void)
{
	if (turns.waiting > 0 && turns.timer == NULL)
		turns.timer = loop_timer_new(are_at_work(clock_ms()) ? REST_MS :
								       0,
		    call_next, NULL);
}

bool
turns_take(int64_t deadline)
{
	int64_t now = clock_ms();
	enum wait w;

	if (turns.waiting == 0 &&
	    (!are_at_work(now) || now - turns.taken > REST_MS)) {
		turns.taken = now;
		return true;
	}
	turns.waiting++;
	arm();
	w = fiber_queue_wait(&turns.queue, deadline);
	turns.waiting--;
	arm();
	return w == WAIT_READY;
}
