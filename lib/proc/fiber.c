/* SPDX-License-Identifier: ISC */
/*
 * fiber - starting, switching, waiting, trimming
 *
 * A fiber is running, ready (in the ready queue) or waiting. Only the loop
 * switches to a fiber, and a fiber switches only back to the loop; so a wake
 * never runs anything at once, and callers keep their footing.
 */
#include <sys/mman.h>

#include <stdlib.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include <event2/event.h>

#include "lib/base/sys_context.h"
#include "lib/base/tree.h"
#include "lib/proc/loop.h"

#define PAGE		4096
#define STACKS_KEPT	64	/* free stacks kept for the next fibers */
#define TRIM_EVERY_MS	2000
#define TRIM_AFTER_MS	1500	/* waiting as long as that: trim */

enum state { FIBER_READY, FIBER_RUNNING, FIBER_WAITING };

struct fiber {
	struct context context;
	char *map;		/* guard page and stack */
	TAILQ_ENTRY(fiber) ready;
	LIST_ENTRY(fiber) all;
	RB_ENTRY(fiber) timed;
	void (*fn)(void *);
	void *arg;
	int64_t deadline;	/* of the present wait */
	int64_t since;		/* start of the present wait */
	enum state state;
	enum wait result;
	bool cancelled, woken, ended, trimmed;
	bool held;		/* neither woken nor cancelled now */
};

TAILQ_HEAD(fiber_list, fiber);
RB_HEAD(timers, fiber);

static int
by_deadline(const struct fiber *a, const struct fiber *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline ? -1 : 1;
	return a < b ? -1 : a > b;
}
TREE_GENERATE(timers, fiber, timed, by_deadline)

static struct fiber_list ready_list = TAILQ_HEAD_INITIALIZER(ready_list);
static LIST_HEAD(, fiber) all_fibers = LIST_HEAD_INITIALIZER(all_fibers);
static struct timers timers = RB_INITIALIZER(&timers);
static struct context loop_context;
static struct fiber *self;
static size_t count;
static char *stacks[STACKS_KEPT];
static unsigned stacks_free;
static struct loop_timer *trimmer;

struct fiber *
fiber_self(void)
{
	return self;
}

size_t
fiber_count(void)
{
	return count;
}

/* ---- stacks ---- */

static char *
stack_take(void)
{
	size_t size = context_stack_size() + PAGE;
	char *map;

	if (stacks_free > 0)
		return stacks[--stacks_free];
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (map == MAP_FAILED || mprotect(map, PAGE, PROT_NONE) < 0)
		fatal("no memory for the stack of another session");
	return map;
}

static void
stack_give(char *map)
{
	if (stacks_free < STACKS_KEPT)
		stacks[stacks_free++] = map;
	else
		munmap(map, context_stack_size() + PAGE);
}

/* Give back what lies below the stack pointer of a long wait; the red zone and
 * the saved registers stay. */
static void
trim(struct fiber *f)
{
	uintptr_t low = (uintptr_t)f->map + PAGE;
	uintptr_t sp = (uintptr_t)f->context.sp;
	uintptr_t high = (sp - 512) & ~(uintptr_t)(PAGE - 1);

	f->trimmed = true;
	if (sp > low && sp <= low + context_stack_size() && high > low)
		madvise((void *)low, high - low, MADV_DONTNEED);
}

static void
trim_waiting(void *unused)
{
	int64_t limit = clock_ms() - TRIM_AFTER_MS;
	struct fiber *f;

	LIST_FOREACH(f, &all_fibers, all)
		if (f->state == FIBER_WAITING && !f->trimmed &&
		    f->since < limit)
			trim(f);
	while (stacks_free > STACKS_KEPT / 4)
		munmap(stacks[--stacks_free], context_stack_size() + PAGE);
	loop_timer_free(&trimmer);
	if (count > 0)
		trimmer = loop_timer_new(TRIM_EVERY_MS, trim_waiting, unused);
}

/* ---- life ---- */

static void
entry(void)
{
	context_entered(&self->context, &loop_context);
	self->fn(self->arg);
	self->ended = true;
	context_switch(&self->context, &loop_context, 1);
	must(false);
}

struct fiber *
fiber_start(void (*fn)(void *), void *arg)
{
	struct fiber *f = xcalloc(1, sizeof(*f));

	f->fn = fn;
	f->arg = arg;
	f->deadline = DEADLINE_NEVER;
	f->state = FIBER_READY;
	TAILQ_INSERT_TAIL(&ready_list, f, ready);
	LIST_INSERT_HEAD(&all_fibers, f, all);
	count++;
	if (trimmer == NULL)
		trimmer = loop_timer_new(TRIM_EVERY_MS, trim_waiting, NULL);
	return f;
}

static void
fiber_free(struct fiber *f)
{
	context_free(&f->context);
	stack_give(f->map);
	LIST_REMOVE(f, all);
	count--;
	free(f);
}

static void
resume(struct fiber *f)
{
	if (f->map == NULL) {
		f->map = stack_take();
		context_init(&f->context, f->map + PAGE, context_stack_size(),
		    entry);
	}
	f->state = FIBER_RUNNING;
	f->trimmed = false;
	self = f;
	context_switch(&loop_context, &f->context, 0);
	self = NULL;
	if (f->ended)
		fiber_free(f);
}

bool
fibers_run(void)
{
	struct fiber_list now = TAILQ_HEAD_INITIALIZER(now);
	struct fiber *f;

	if (TAILQ_EMPTY(&ready_list))
		return false;
	TAILQ_CONCAT(&now, &ready_list, ready);
	while ((f = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, f, ready);
		resume(f);
	}
	return true;
}

/* ---- waiting ---- */

static void
make_ready(struct fiber *f, enum wait result)
{
	must(f->state == FIBER_WAITING);
	if (f->deadline != DEADLINE_NEVER)
		RB_REMOVE(timers, &timers, f);
	f->state = FIBER_READY;
	f->result = result;
	TAILQ_INSERT_TAIL(&ready_list, f, ready);
}

static enum wait
park(int64_t deadline)
{
	struct fiber *f = self;

	must(f != NULL);
	if (f->cancelled && !f->held)
		return WAIT_CANCELLED;
	if (f->woken && !f->held) {
		f->woken = false;
		return WAIT_WOKEN;
	}
	f->deadline = deadline;
	f->state = FIBER_WAITING;
	f->since = clock_ms();
	if (deadline != DEADLINE_NEVER) {
		RB_INSERT(timers, &timers, f);
		loop_arm(deadline);
	}
	context_switch(&f->context, &loop_context, 0);
	return f->result;
}

void
fibers_expire(void *unused)
{
	int64_t now = clock_ms();
	struct fiber *f;

	(void)unused;
	while ((f = RB_MIN(timers, &timers)) != NULL && f->deadline <= now)
		make_ready(f, WAIT_TIMEOUT);
	if (f != NULL)
		loop_arm(f->deadline);
}

enum wait
fiber_wait(int64_t deadline)
{
	return park(deadline);
}

void
fiber_wake(struct fiber *f)
{
	if (f->state == FIBER_WAITING && !f->held)
		make_ready(f, WAIT_WOKEN);
	else
		f->woken = true;
}

void
fiber_cancel(struct fiber *f)
{
	f->cancelled = true;
	if (f->state == FIBER_WAITING && !f->held)
		make_ready(f, WAIT_CANCELLED);
}

bool
fiber_cancelled(void)
{
	return self != NULL && self->cancelled;
}

enum wait
fiber_sleep(int64_t ms)
{
	int64_t deadline = deadline_in(ms);
	enum wait w;

	do
		w = park(deadline);
	while (w == WAIT_WOKEN);
	return w;
}

/* ---- queues ---- */

struct fiber_waiter {
	struct fiber *fiber;
	struct fiber_waiter *next, *prev;
	bool queued;
};

static void
waiter_remove(struct fiber_queue *q, struct fiber_waiter *w)
{
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		q->first = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	else
		q->last = w->prev;
	w->queued = false;
}

enum wait
fiber_queue_wait(struct fiber_queue *q, int64_t deadline)
{
	struct fiber_waiter w = { .fiber = self, .prev = q->last,
		.queued = true };
	enum wait result;

	if (q->last != NULL)
		q->last->next = &w;
	else
		q->first = &w;
	q->last = &w;
	result = park(deadline);
	if (w.queued)
		waiter_remove(q, &w);
	else
		result = WAIT_READY;
	return result;
}

enum wait
fiber_queue_hold(struct fiber_queue *q, int64_t deadline)
{
	enum wait result;

	self->held = true;
	result = fiber_queue_wait(q, deadline);
	self->held = false;
	return result;
}

void
fiber_queue_wake(struct fiber_queue *q)
{
	struct fiber_waiter *w = q->first;

	if (w == NULL)
		return;
	waiter_remove(q, w);
	if (w->fiber->state == FIBER_WAITING)
		make_ready(w->fiber, WAIT_READY);
}

void
fiber_queue_wake_all(struct fiber_queue *q)
{
	while (q->first != NULL)
		fiber_queue_wake(q);
}

/* ---- descriptors ---- */

struct waiter_fd {
	struct event *event;
	struct fiber *fiber;	/* waiting on it now */
	short wanted;
	bool readable, writable, closed;
};

static void
fd_event(evutil_socket_t fd, short what, void *arg)
{
	struct waiter_fd *w = arg;

	(void)fd;
	if (what & EV_READ)
		w->readable = true;
	if (what & EV_WRITE)
		w->writable = true;
	if (what & EV_CLOSED)
		w->closed = true;
	if (w->fiber != NULL && (what & w->wanted) &&
	    w->fiber->state == FIBER_WAITING)
		make_ready(w->fiber, WAIT_READY);
}

struct waiter_fd *
fd_watch(int fd)
{
	struct waiter_fd *w = xcalloc(1, sizeof(*w));

	w->event = event_new(loop_base(), fd,
	    EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, fd_event,
	    w);
	must(w->event != NULL);
	if (event_add(w->event, NULL) < 0)
		fatal("cannot wait for descriptor %d", fd);
	return w;
}

bool
fd_closed(const struct waiter_fd *w)
{
	return w->closed;
}

void
fd_unwatch(struct waiter_fd **w)
{
	if (*w == NULL)
		return;
	must((*w)->fiber == NULL);
	event_free((*w)->event);
	free(*w);
	*w = NULL;
}

static enum wait
fd_wait(struct waiter_fd *w, short what, bool *flag, int64_t deadline)
{
	enum wait result;

	if (*flag && !self->cancelled) {
		*flag = false;
		return WAIT_READY;
	}
	must(w->fiber == NULL);
	w->fiber = self;
	w->wanted = what;
	result = park(deadline);
	w->fiber = NULL;
	if (result == WAIT_READY)
		*flag = false;
	return result;
}

enum wait
fd_wait_read(struct waiter_fd *w, int64_t deadline)
{
	return fd_wait(w, EV_READ, &w->readable, deadline);
}

enum wait
fd_wait_write(struct waiter_fd *w, int64_t deadline)
{
	return fd_wait(w, EV_WRITE, &w->writable, deadline);
}
