/* SPDX-License-Identifier: ISC */
/*
 * loop - one turn after the other
 *
 * A turn: wait for events (libevent_core), run their callbacks, run the fibers
 * that became ready and the deferred calls until neither is left, then what
 * must come last (channels send what the turn has written), then the log. One
 * timer of the loop serves the deadlines of all fibers.
 */
#include <stdlib.h>

#include <bsd/sys/queue.h>
#include <event2/event.h>

#include "lib/base/log.h"
#include "lib/proc/loop.h"

#define ROUNDS_MOST	16	/* of fibers and deferred calls in a turn */

struct call {
	STAILQ_ENTRY(call) entry;
	void (*fn)(void *);
	void *arg;
};
STAILQ_HEAD(calls, call);

struct loop_timer {
	struct event *event;
	void (*fn)(void *);
	void *arg;
};

static struct event_base *base;
static struct calls deferred = STAILQ_HEAD_INITIALIZER(deferred);
static struct calls last = STAILQ_HEAD_INITIALIZER(last);
static struct event *alarm_event;
static int64_t alarm_at = DEADLINE_NEVER;
static bool stopped;

struct event_base *
loop_base(void)
{
	struct event_config *config;

	if (base != NULL)
		return base;
	config = event_config_new();
	must(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (base == NULL)
		fatal("the kernel offers no way to wait for events");
	return base;
}

static void
calls_add(struct calls *calls, void (*fn)(void *), void *arg)
{
	struct call *c = xmalloc(sizeof(*c));

	c->fn = fn;
	c->arg = arg;
	STAILQ_INSERT_TAIL(calls, c, entry);
}

void
loop_defer(void (*fn)(void *), void *arg)
{
	calls_add(&deferred, fn, arg);
}

void
loop_last(void (*fn)(void *), void *arg)
{
	calls_add(&last, fn, arg);
}

/* Those that are there now; what they add waits for the next round. */
static bool
calls_run(struct calls *calls)
{
	struct calls now = STAILQ_HEAD_INITIALIZER(now);
	struct call *c;

	if (STAILQ_EMPTY(calls))
		return false;
	STAILQ_CONCAT(&now, calls);
	while ((c = STAILQ_FIRST(&now)) != NULL) {
		STAILQ_REMOVE_HEAD(&now, entry);
		c->fn(c->arg);
		free(c);
	}
	return true;
}

/* True when work is left that must not wait for events. */
static bool
turn_finish(void)
{
	bool more = true;

	for (int i = 0; more && i < ROUNDS_MOST; i++) {
		more = fibers_run();
		more |= calls_run(&deferred);
	}
	while (calls_run(&last))
		;
	log_flush();
	return more;
}

void
loop_run(void)
{
	stopped = false;
	while (!stopped) {
		bool more = turn_finish();

		if (stopped)
			break;
		event_base_loop(loop_base(),
		    EVLOOP_ONCE | (more ? EVLOOP_NONBLOCK : 0));
	}
	turn_finish();
}

void
loop_stop(void)
{
	stopped = true;
}

static void
alarm_rings(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	alarm_at = DEADLINE_NEVER;
	fibers_expire(arg);
}

void
loop_arm(int64_t deadline)
{
	int64_t ms = deadline - clock_ms();
	struct timeval tv;

	if (deadline >= alarm_at)
		return;
	if (ms < 0)
		ms = 0;
	if (ms > 86400000)
		ms = 86400000;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	if (alarm_event == NULL)
		alarm_event = evtimer_new(loop_base(), alarm_rings, NULL);
	must(alarm_event != NULL && evtimer_add(alarm_event, &tv) == 0);
	alarm_at = deadline;
}

static void
timer_fires(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->arg);
}

struct loop_timer *
loop_timer_new(int64_t ms, void (*fn)(void *), void *arg)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	struct loop_timer *t = xmalloc(sizeof(*t));

	t->fn = fn;
	t->arg = arg;
	t->event = evtimer_new(loop_base(), timer_fires, t);
	must(t->event != NULL && evtimer_add(t->event, &tv) == 0);
	return t;
}

void
loop_timer_free(struct loop_timer **t)
{
	if (*t == NULL)
		return;
	event_free((*t)->event);
	free(*t);
	*t = NULL;
}
