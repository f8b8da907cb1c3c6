/* SPDX-License-Identifier: ISC */
/*
 * child - states and moves of a supervised program
 *
 * The list of moves is all there is: an event that has no line for the present
 * state is a bug. A program that dies after some work is started again at once;
 * one that dies young, or for a breach of the rules, waits longer each time, up
 * to a minute.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "master/child.h"
#include "master/house.h"
#include "master/roster.h"
#include "master/spawn.h"

#define READY_MS	120000	/* recovery of a large index takes its time */
#define YOUNG_MS	2000	/* a shorter life counts as a failure */
#define BACKOFF_FIRST	100
#define BACKOFF_MOST	60000
#define KILL_AFTER_MS	500	/* behind the grace that it was given */

struct move {
	enum child_state from;
	enum child_event event;
	enum child_state to;
	void (*act)(struct child *);
};

const char *
child_state_name(enum child_state s)
{
	static const char *const name[] = { "off", "starting", "running",
		"stopping", "backoff" };

	return name[s];
}

const char *
child_name(const struct child *c)
{
	static char name[32];

	if (c->program->need == NEED_LISTENERS ||
	    program_instances(c->program, house_settings()) > 1)
		snprintf(name, sizeof(name), "%s-%u",
		    role_name(c->program->role), c->instance);
	else
		snprintf(name, sizeof(name), "%s",
		    role_name(c->program->role));
	return name;
}

int64_t
child_backoff(uint32_t failures)
{
	int64_t ms = BACKOFF_FIRST;

	for (uint32_t i = 1; i < failures && ms < BACKOFF_MOST; i++)
		ms *= 2;
	return failures == 0 ? 0 : ms < BACKOFF_MOST ? ms : BACKOFF_MOST;
}

struct child *
child_new(const struct program_row *p, uint32_t instance)
{
	struct child *c = xcalloc(1, sizeof(*c));

	c->program = p;
	c->instance = instance;
	return c;
}

static void
free_child(void *arg)
{
	struct child *c = arg;

	free(c->layers);
	free(c);
}

/* ---- what a move does ---- */

static void
ring(void *arg)
{
	child_event(arg, CHILD_TIMER);
}

static void
set_timer(struct child *c, int64_t ms)
{
	loop_timer_free(&c->timer);
	c->timer = loop_timer_new(ms, ring, c);
}

static void
nothing(struct child *c)
{
	(void)c;
}

static void
spawn_failed(void *arg)
{
	child_ended(arg, W_EXITCODE(SPAWN_FAILED, 0));
}

static pid_t
spawn_child(const struct child *c, int control)
{
	const char *argv[] = { role_name(c->program->role), NULL };
	struct str path = { 0 };
	struct spawn s = { .argv = argv, .control = control };
	pid_t pid;

	str_addf(&path, "%s/%s", house_settings()->program_dir, argv[0]);
	s.path = str_c(&path);
	pid = spawn(&s);
	str_free(&path);
	return pid;
}

static void
start(struct child *c)
{
	int pair[2];

	c->process = roster_next_process();
	c->greeted = c->full = c->accused = false;
	c->sessions = 0;
	c->since = clock_wall();
	c->ready_at = 0;
	set_timer(c, READY_MS);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error(child_name(c), "socketpair error=\"%s\"",
		    strerror(errno));
		loop_defer(spawn_failed, c);
		return;
	}
	c->pid = spawn_child(c, pair[1]);
	close(pair[1]);
	if (c->pid < 0) {
		log_error(child_name(c), "fork error=\"%s\"", strerror(errno));
		c->pid = 0;
		close(pair[0]);
		loop_defer(spawn_failed, c);
		return;
	}
	c->channel = roster_channel(c, pair[0]);
}

static void
settle(struct child *c)
{
	loop_timer_free(&c->timer);
	c->ready_at = c->idle_at = clock_ms();
	house_changed();
}

static void
kill_it(struct child *c)
{
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
}

static void
overdue(struct child *c)
{
	log_error(child_name(c), "pid=%d not %s in time, killed", (int)c->pid,
	    c->state == CHILD_STARTING ? "ready" : "gone");
	kill_it(c);
}

static void
ask(struct child *c)
{
	struct message m = { .type = MSG_stop, .stop = { c->grace } };

	set_timer(c, c->grace + KILL_AFTER_MS);
	if (c->channel != NULL)
		channel_send(c->channel, &m);
	else
		kill_it(c);
}

static void
let_go(struct child *c)
{
	loop_timer_free(&c->timer);
	if (c->channel != NULL)
		channel_close(&c->channel);
	c->pid = 0;
}

static void
forget(struct child *c)
{
	let_go(c);
	roster_remove(c);
	loop_defer(free_child, c);
	house_changed();
}

static void
log_end(const struct child *c, int64_t wait)
{
	int st = c->status;

	log_warning(child_name(c), "pid=%d ended %s=%d restart_in=%lldms",
	    (int)c->pid, WIFSIGNALED(st) ? "signal" : "status",
	    WIFSIGNALED(st) ? WTERMSIG(st) : WEXITSTATUS(st),
	    (long long)wait);
}

static void
wait_a_while(struct child *c)
{
	bool young = c->accused || c->ready_at == 0 ||
	    clock_ms() - c->ready_at < YOUNG_MS;
	int64_t wait;

	wait = child_backoff(c->failures);
	c->failures = young ? c->failures + 1 : 1;
	if (!young)
		wait = 0;
	log_end(c, wait);
	let_go(c);
	c->greeted = false;
	c->restarts++;
	set_timer(c, wait);
	house_died(c);
}

/* ---- the list ---- */

static const struct move moves[] = {
	{ CHILD_OFF, CHILD_START, CHILD_STARTING, start },
	{ CHILD_OFF, CHILD_STOP, CHILD_OFF, nothing },
	{ CHILD_STARTING, CHILD_READY, CHILD_RUNNING, settle },
	{ CHILD_STARTING, CHILD_TIMER, CHILD_STARTING, overdue },
	{ CHILD_STARTING, CHILD_BROKEN, CHILD_STARTING, kill_it },
	{ CHILD_STARTING, CHILD_EXIT, CHILD_BACKOFF, wait_a_while },
	{ CHILD_STARTING, CHILD_STOP, CHILD_STOPPING, kill_it },
	{ CHILD_RUNNING, CHILD_BROKEN, CHILD_RUNNING, kill_it },
	{ CHILD_RUNNING, CHILD_EXIT, CHILD_BACKOFF, wait_a_while },
	{ CHILD_RUNNING, CHILD_STOP, CHILD_STOPPING, ask },
	{ CHILD_STOPPING, CHILD_READY, CHILD_STOPPING, nothing },
	{ CHILD_STOPPING, CHILD_BROKEN, CHILD_STOPPING, nothing },
	{ CHILD_STOPPING, CHILD_TIMER, CHILD_STOPPING, overdue },
	{ CHILD_STOPPING, CHILD_STOP, CHILD_STOPPING, ask },
	{ CHILD_STOPPING, CHILD_EXIT, CHILD_OFF, forget },
	{ CHILD_BACKOFF, CHILD_TIMER, CHILD_STARTING, start },
	{ CHILD_BACKOFF, CHILD_STOP, CHILD_OFF, forget },
};

void
child_event(struct child *c, enum child_event e)
{
	size_t i = 0;

	while (i < nitems(moves) &&
	    (moves[i].from != c->state || moves[i].event != e))
		i++;
	must(i < nitems(moves));
	c->state = moves[i].to;
	moves[i].act(c);
}

void
child_accuse(struct child *c)
{
	c->accused = true;
	child_event(c, CHILD_BROKEN);
}

void
child_ended(struct child *c, int status)
{
	c->status = status;
	child_event(c, CHILD_EXIT);
}
