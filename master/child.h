/* SPDX-License-Identifier: ISC */
/*
 * child - one program under supervision
 *
 * A child outlives its processes: when one ends, the child waits its back-off
 * and starts the next. Its states and the moves between them are one list in
 * child.c; child_event() is the only way to change a state. What happens
 * outside of one child (links, scaling, the order of a stop) is roster's and
 * house's.
 */
#ifndef MASTER_CHILD_H
#define MASTER_CHILD_H

#include <sys/types.h>

#include <bsd/sys/queue.h>

#include "lib/proc/channel.h"
#include "master/programs.h"

enum child_state {
	CHILD_OFF,	/* not started yet, or over for good */
	CHILD_STARTING,	/* forked, not ready */
	CHILD_RUNNING,
	CHILD_STOPPING,	/* told to stop */
	CHILD_BACKOFF	/* died; will be started again */
};

enum child_event {
	CHILD_START,	/* is wanted */
	CHILD_READY,	/* said so */
	CHILD_EXIT,	/* its process has ended */
	CHILD_BROKEN,	/* its channel has gone */
	CHILD_TIMER,
	CHILD_STOP	/* is not wanted any more */
};

struct child {
	TAILQ_ENTRY(child) entry;
	const struct program_row *program;
	uint32_t instance;
	enum child_state state;
	/* of the present process */
	pid_t pid;		/* 0: none */
	uint32_t process;	/* number in the house */
	int status;		/* of waitpid, when it has ended */
	struct channel *channel;
	bool greeted;		/* has its settings and links */
	bool accused;		/* was ended for what it said to another */
	int64_t since;		/* start, seconds since 1970 */
	int64_t ready_at;	/* clock_ms(), 0: not yet */
	char *layers;		/* confinement as it told; may be NULL */
	uint32_t sessions;
	bool full;
	int64_t idle_at;	/* clock_ms() when the last session went */
	/* of all its processes */
	uint32_t restarts, failures;
	uint32_t grace;		/* milliseconds to stop in */
	struct loop_timer *timer;
};

struct child *child_new(const struct program_row *p, uint32_t instance);
/* May free the child at the end of the turn (it is OFF then). */
void child_event(struct child *c, enum child_event e);
/* Its process has said to another one what it may not say: it is ended, and
 * waits longer before each further start. */
void child_accuse(struct child *c);
/* Its process has ended with this status of waitpid(). */
void child_ended(struct child *c, int status);
const char *child_state_name(enum child_state s);
/* "queue", "store-3", "smtpd-0": for the log. */
const char *child_name(const struct child *c);
/* Wait before the n-th start in a row that came to nothing (1, 2, ...). */
int64_t child_backoff(uint32_t failures);

#endif
