/* SPDX-License-Identifier: ISC */
/*
 * fiber - straight-line code that waits without holding a thread
 *
 * Each fiber has a small stack of its own and runs until it waits; then the
 * loop (libevent_core) goes on with others. Nothing else runs between two
 * waits, so fibers need no locks. Every wait has a deadline and ends with one
 * of four words. A cancelled fiber gets WAIT_CANCELLED from its present wait
 * and from every later one, so that it unwinds by plain returns.
 *
 * Stacks are 64 KiB of address space with a guard page below; the pages that a
 * waiting fiber does not use are given back to the system after some seconds.
 */
#ifndef PROC_FIBER_H
#define PROC_FIBER_H

#include "lib/base/base.h"
#include "lib/base/clock.h"

struct fiber;
struct event_base;

enum wait { WAIT_READY, WAIT_TIMEOUT, WAIT_CANCELLED, WAIT_WOKEN };

/* The loop of this process; made by the first call. */
struct event_base *loop_base(void);
/* Run until loop_stop(). */
void loop_run(void);
void loop_stop(void);
/* Call fn(arg) once, after all events that are pending now were handled: the
 * place where the work of one turn is put together. */
void loop_defer(void (*fn)(void *), void *arg);
/* Call fn(arg) after ms, on the loop's stack. */
struct loop_timer;
struct loop_timer *loop_timer_new(int64_t ms, void (*fn)(void *), void *arg);
void loop_timer_free(struct loop_timer **t);	/* before it fires, or after */

/* Start a fiber; fn runs when the loop comes to it. The fiber ends when fn
 * returns. The pointer is valid until then. */
struct fiber *fiber_start(void (*fn)(void *), void *arg);
/* The running fiber, NULL on the loop's own stack. */
struct fiber *fiber_self(void);
size_t fiber_count(void);

/* Wait until fiber_wake(), the deadline or cancellation: WAIT_WOKEN,
 * WAIT_TIMEOUT, WAIT_CANCELLED. A wake that came before the wait counts. */
enum wait fiber_wait(int64_t deadline);
/* Let a waiting fiber go on, whatever it waits for, with WAIT_WOKEN. May be
 * called from the loop or from any fiber. */
void fiber_wake(struct fiber *f);
void fiber_cancel(struct fiber *f);
bool fiber_cancelled(void);
/* WAIT_TIMEOUT when slept through. */
enum wait fiber_sleep(int64_t ms);

/* A place where fibers wait for something to become true. { 0 } is ready to
 * use; must be empty when its memory goes. */
struct fiber_queue {
	struct fiber_waiter *first, *last;
};
/* WAIT_READY when woken by the queue. */
enum wait fiber_queue_wait(struct fiber_queue *q, int64_t deadline);
/* Wait for the queue or the deadline alone, even when woken or cancelled: for
 * work that somebody else does with this fiber's memory. WAIT_READY or
 * WAIT_TIMEOUT. */
enum wait fiber_queue_hold(struct fiber_queue *q, int64_t deadline);
void fiber_queue_wake(struct fiber_queue *q);	/* the first */
void fiber_queue_wake_all(struct fiber_queue *q);

/* A descriptor that fibers wait on: registered once with the loop, edge
 * triggered. One fiber may wait at a time. */
struct waiter_fd;
struct waiter_fd *fd_watch(int fd);
void fd_unwatch(struct waiter_fd **w);		/* does not close fd */
/* The peer has closed its end: no further edge will tell. */
bool fd_closed(const struct waiter_fd *w);
enum wait fd_wait_read(struct waiter_fd *w, int64_t deadline);
enum wait fd_wait_write(struct waiter_fd *w, int64_t deadline);

#endif
