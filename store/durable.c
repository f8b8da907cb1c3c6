/* SPDX-License-Identifier: ISC */
/*
 * durable - the rounds, one at a time
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"
#include "store/durable.h"
#include "store/held.h"
#include "store/index.h"

#define OCTETS_KEPT (1u << 20)

struct waiting {
	void (*fn)(void *arg, bool ok);
	void *arg;
};

struct waitlist {
	struct waiting *p;
	size_t n, cap;
};

enum { JOB_LOG = -1, JOB_OCTETS = -2 };

struct job {
	int fd; /* of a directory, or what it is instead */
	int error;
};

struct batch {
	struct waitlist names, index;
	struct str octets; /* for the journal */
	struct job *jobs;
	size_t n, cap;
};

static struct {
	struct batch gathering, running;
	bool is_running, is_planned;
	size_t outstanding;
	uint64_t round; /* that gathers now; from 1 */
	uint64_t done; /* the last one that ended well */
	void (*before)(void);
	void (*broken)(void);
} rounds = { .round = 1 };

static void round_plan(void);

static void
list_add(struct waitlist *l, void (*fn)(void *, bool), void *arg)
{
	l->p = xgrow(l->p, l->n, &l->cap, sizeof(*l->p));
	l->p[l->n++] = (struct waiting){ fn, arg };
}

/* Call all; what they add goes to the batch that gathers. */
static void
list_tell(struct waitlist *l, bool ok)
{
	struct waitlist told = *l;

	*l = (struct waitlist){ 0 };
	for (size_t i = 0; i < told.n; i++)
		told.p[i].fn(told.p[i].arg, ok);
	free(told.p);
}

static void
job_add(struct batch *b, int fd)
{
	b->jobs = xgrow(b->jobs, b->n, &b->cap, sizeof(*b->jobs));
	b->jobs[b->n++] = (struct job){ .fd = fd };
}

static void
job_run(void *arg)
{
	struct job *j = arg;

	if (j->fd == JOB_LOG)
		j->error = index_flush() ? 0 : EIO;
	else if (j->fd == JOB_OCTETS ?
	    !held_write(&rounds.running.octets) : fsync(j->fd) < 0)
		j->error = errno;
}

/* What was there once need not be kept for ever. */
static void
octets_done(struct str *s)
{
	if (s->n > OCTETS_KEPT)
		str_free(s);
	else
		str_reset(s);
}

/* The index can't be believed: nobody's work counts. */
static void
tell_broken(void)
{
	for (int i = 0; i < 8 && (i == 0 || rounds.gathering.names.n > 0 ||
				     rounds.gathering.index.n > 0);
	     i++) {
		list_tell(&rounds.running.names, false);
		list_tell(&rounds.running.index, false);
		list_tell(&rounds.gathering.names, false);
		list_tell(&rounds.gathering.index, false);
	}
	rounds.gathering.n = 0;
	octets_done(&rounds.gathering.octets);
	rounds.broken();
}

static void
round_end(void)
{
	bool names_ok = true, index_ok = true, had_octets;
	struct batch *b = &rounds.running;

	for (size_t i = 0; i < b->n; i++) {
		if (b->jobs[i].error == 0)
			continue;
		if (b->jobs[i].fd == JOB_LOG)
			index_ok = false;
		else {
			log_error("durable", "sync-failed error=\"%s\"",
			    strerror(b->jobs[i].error));
			names_ok = false;
			if (b->jobs[i].fd == JOB_OCTETS)
				held_rest();
		}
	}
	had_octets = b->octets.n > 0;
	b->n = 0;
	octets_done(&b->octets);
	rounds.is_running = false;
	if (index_broken() || !index_ok) {
		tell_broken();
		if (had_octets)
			held_round_over(false);
		return;
	}
	rounds.done = rounds.round - 1;
	list_tell(&b->index, true);
	list_tell(&b->names, names_ok);
	if (had_octets)
		held_round_over(names_ok);
	round_plan();
}

static void
job_done(void *arg UNUSED)
{
	must(rounds.outstanding > 0);
	if (--rounds.outstanding == 0)
		round_end();
}

void
durable_commit(void)
{
	rounds.before();
	index_commit();
}

static void
round_start(void *arg UNUSED)
{
	struct batch free_one = rounds.running;

	rounds.is_planned = false;
	if (rounds.is_running)
		return;
	durable_commit();
	rounds.running = rounds.gathering;
	rounds.gathering = free_one;
	rounds.round++;
	rounds.is_running = true;
	if (rounds.running.index.n > 0)
		job_add(&rounds.running, JOB_LOG);
	if (rounds.running.octets.n > 0) {
		held_round_begins();
		job_add(&rounds.running, JOB_OCTETS);
	}
	rounds.outstanding = rounds.running.n + 1;
	for (size_t i = 0; i < rounds.running.n; i++)
		pool_submit(job_run, job_done, &rounds.running.jobs[i]);
	job_done(NULL);
}

/* Start when the events of this turn are all handled. */
static void
round_plan(void)
{
	if (rounds.is_running || rounds.is_planned ||
	    (rounds.gathering.names.n == 0 && rounds.gathering.index.n == 0))
		return;
	rounds.is_planned = true;
	loop_defer(round_start, NULL);
}

void
durable_dir(int fd, uint64_t *mark)
{
	if (*mark == rounds.round)
		return;
	*mark = rounds.round;
	job_add(&rounds.gathering, fd);
}

struct str *
durable_octets(void)
{
	return &rounds.gathering.octets;
}

void
durable_names(void (*fn)(void *arg, bool ok), void *arg)
{
	list_add(&rounds.gathering.names, fn, arg);
	round_plan();
}

void
durable_index(void (*fn)(void *arg, bool ok), void *arg)
{
	list_add(&rounds.gathering.index, fn, arg);
	round_plan();
}

struct sleeper {
	struct fiber *fiber;
	bool woken, ok;
};

static void
sleeper_wake(void *arg, bool ok)
{
	struct sleeper *s = arg;

	s->ok = ok;
	s->woken = true;
	fiber_wake(s->fiber);
}

static bool
sleep_until(void (*ask)(void (*)(void *, bool), void *))
{
	struct sleeper s = { .fiber = fiber_self() };

	ask(sleeper_wake, &s);
	while (!s.woken)
		fiber_wait(DEADLINE_NEVER);
	return s.ok;
}

bool
durable_names_wait(void)
{
	return sleep_until(durable_names);
}

bool
durable_index_wait(void)
{
	return sleep_until(durable_index);
}

uint64_t
durable_mark(void)
{
	return rounds.round;
}

bool
durable_reached(uint64_t mark)
{
	return mark <= rounds.done;
}

bool
durable_idle(void)
{
	return !rounds.is_running && !rounds.is_planned;
}

void
durable_begin(void (*before)(void), void (*broken)(void))
{
	rounds.before = before;
	rounds.broken = broken;
}
