/* SPDX-License-Identifier: ISC */
/*
 * pool - a queue of jobs, some threads, and an eventfd to say "done"
 *
 * Jobs that are finished are collected in a list; the first of a batch rings
 * the eventfd, the loop takes them all.
 */
#include <sys/eventfd.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/sys/queue.h>
#include <event2/event.h>

#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"

struct job {
	STAILQ_ENTRY(job) entry;
	void (*fn)(void *);
	void (*done)(void *);
	void *arg;
};
STAILQ_HEAD(jobs, job);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static struct jobs waiting = STAILQ_HEAD_INITIALIZER(waiting);
static struct jobs finished = STAILQ_HEAD_INITIALIZER(finished);
static int bell = -1;

static void *
thread_main(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	for (;;) {
		struct job *j;
		uint64_t one = 1;
		bool first;

		while ((j = STAILQ_FIRST(&waiting)) == NULL)
			pthread_cond_wait(&work, &lock);
		STAILQ_REMOVE_HEAD(&waiting, entry);
		pthread_mutex_unlock(&lock);
		j->fn(j->arg);
		pthread_mutex_lock(&lock);
		first = STAILQ_EMPTY(&finished);
		STAILQ_INSERT_TAIL(&finished, j, entry);
		if (first)
			(void)!write(bell, &one, sizeof(one));
	}
	return NULL;
}

static void
bell_rings(evutil_socket_t fd, short what, void *unused)
{
	struct jobs done = STAILQ_HEAD_INITIALIZER(done);
	struct job *j;
	uint64_t n;

	(void)what;
	(void)unused;
	(void)!read(fd, &n, sizeof(n));
	pthread_mutex_lock(&lock);
	STAILQ_CONCAT(&done, &finished);
	pthread_mutex_unlock(&lock);
	while ((j = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, entry);
		j->done(j->arg);
		free(j);
	}
}

void
pool_start(unsigned threads)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t id;
	struct event *e;

	if (threads == 0 || bell >= 0)
		return;
	bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(bell >= 0);
	e = event_new(loop_base(), bell, EV_READ | EV_PERSIST, bell_rings,
	    NULL);
	must(e != NULL && event_add(e, NULL) == 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&id, &attr, thread_main, NULL) != 0)
			fatal("cannot start a thread");
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
pool_submit(void (*fn)(void *), void (*done)(void *), void *arg)
{
	struct job *j = xmalloc(sizeof(*j));

	must(bell >= 0);
	*j = (struct job){ .fn = fn, .done = done, .arg = arg };
	pthread_mutex_lock(&lock);
	STAILQ_INSERT_TAIL(&waiting, j, entry);
	pthread_cond_signal(&work);
	pthread_mutex_unlock(&lock);
}

/* Several jobs that one fiber waits for. */
struct group {
	struct fiber_queue ended;
	size_t left;
};

struct member {
	struct group *group;
	void (*fn)(void *);
	void *arg;
};

static void
member_run(void *p)
{
	struct member *m = p;

	m->fn(m->arg);
}

static void
member_done(void *p)
{
	struct member *m = p;

	if (--m->group->left == 0)
		fiber_queue_wake_all(&m->group->ended);
}

void
pool_map(void (*fn)(void *), void **args, size_t n)
{
	struct group g = { .left = n };
	struct member *m = xcalloc(n, sizeof(*m));

	must(fiber_self() != NULL);
	for (size_t i = 0; i < n; i++) {
		m[i] = (struct member){ &g, fn, args[i] };
		pool_submit(member_run, member_done, &m[i]);
	}
	while (g.left > 0)
		fiber_queue_hold(&g.ended, DEADLINE_NEVER);
	free(m);
}

void
pool_call(void (*fn)(void *), void *arg)
{
	pool_map(fn, &arg, 1);
}
