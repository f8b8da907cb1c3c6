/* SPDX-License-Identifier: ISC */
/*
 * roster - who is there, and what they say
 *
 * Session programs have one process more than are full, up to the listeners'
 * limit, so that a client never waits for a start; surplus ones go when nobody
 * needs them.
 */
#include <sys/wait.h>

#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "master/drain.h"
#include "master/deliver.h"
#include "master/handover.h"
#include "master/helper.h"
#include "master/house.h"
#include "master/roster.h"
#include "master/table_connect.h"

#define TICK_MS		5000
#define IDLE_MS		30000	/* surplus processes live this long */
#define WARN_MS		60000

static struct children children = TAILQ_HEAD_INITIALIZER(children);
static struct loop_timer *ticker;

struct children *
roster(void)
{
	return &children;
}

uint32_t
roster_next_process(void)
{
	static uint32_t last;

	return ++last;
}

struct child *
roster_find(unsigned role, uint32_t instance)
{
	struct child *c;

	TAILQ_FOREACH(c, &children, entry)
		if (c->program->role == role && c->instance == instance)
			return c;
	return NULL;
}

/* ---- who must be there ---- */

static void
add(const struct program_row *p, uint32_t instance)
{
	struct child *c = child_new(p, instance);

	TAILQ_INSERT_TAIL(&children, c, entry);
	child_event(c, CHILD_START);
}

void
roster_remove(struct child *c)
{
	TAILQ_REMOVE(&children, c, entry);
}

static uint32_t
free_instance(unsigned role)
{
	uint32_t n = 0;

	while (roster_find(role, n) != NULL)
		n++;
	return n;
}

static void
warn_full(const struct program_row *p, uint64_t most)
{
	static int64_t said[ROLE_COUNT];
	int64_t *last = &said[p - program_rows];

	if (*last != 0 && clock_ms() - *last < WARN_MS)
		return;
	*last = clock_ms();
	log_warning(role_name(p->role), "all %llu processes are full, clients "
	    "wait", (unsigned long long)most);
}

/* One more process when none has room for a session. */
static void
fill_sessions(const struct program_row *p)
{
	uint64_t most = program_processes(p, house_settings()), n = 0;
	struct child *c = NULL;

	TAILQ_FOREACH(c, &children, entry) {
		if (c->program != p || c->state == CHILD_STOPPING)
			continue;
		if (!c->full)
			return;
		n++;
	}
	if (n < most)
		add(p, free_instance(p->role));
	else if (most > 0)
		warn_full(p, most);
}

void
roster_fill(void)
{
	for (size_t i = 0; i < program_rows_n; i++) {
		const struct program_row *p = &program_rows[i];

		if (p->need == NEED_LISTENERS)
			fill_sessions(p);
		if (p->need != NEED_ALWAYS)
			continue;
		for (uint32_t n = 0;
		    n < program_instances(p, house_settings()); n++)
			if (roster_find(p->role, n) == NULL)
				add(p, n);
	}
}

static bool
has_room_beside(const struct child *other)
{
	const struct child *c;

	TAILQ_FOREACH(c, &children, entry)
		if (c != other && c->program == other->program &&
		    c->state == CHILD_RUNNING && !c->full)
			return true;
	return false;
}

static bool
is_surplus(const struct child *c)
{
	if (c->program->need != NEED_LISTENERS || c->state != CHILD_RUNNING ||
	    c->sessions > 0)
		return false;
	if (program_processes(c->program, house_settings()) == 0)
		return true;
	return clock_ms() - c->idle_at > IDLE_MS && has_room_beside(c);
}

static void
tick(void *unused)
{
	struct child *c = NULL, *next = NULL;

	(void)unused;
	loop_timer_free(&ticker);
	ticker = loop_timer_new(TICK_MS, tick, NULL);
	TAILQ_FOREACH_SAFE(c, &children, entry, next) {
		if (!is_surplus(c))
			continue;
		c->grace = TICK_MS;
		child_event(c, CHILD_STOP);
	}
}

void
roster_begin(void)
{
	ticker = loop_timer_new(TICK_MS, tick, NULL);
}

bool
roster_is_ready(void)
{
	const struct child *c;

	TAILQ_FOREACH(c, &children, entry)
		if (c->state != CHILD_RUNNING)
			return false;
	return true;
}

size_t
roster_stage_count(enum stage stage)
{
	const struct child *c;
	size_t n = 0;

	TAILQ_FOREACH(c, &children, entry)
		n += c->program->stage == stage;
	return n;
}

void
roster_stop_stage(enum stage stage, uint32_t grace)
{
	struct child *c = NULL, *next = NULL;

	TAILQ_FOREACH_SAFE(c, &children, entry, next) {
		if (c->program->stage != stage)
			continue;
		c->grace = grace;
		child_event(c, CHILD_STOP);
	}
}

/* ---- what a process says ---- */

static struct child *
child_of(struct channel *ch)
{
	return *channel_slot(ch);
}

static void
on_hello(struct channel *ch, uint32_t tag, struct msg_hello *m)
{
	struct child *c = child_of(ch);

	(void)tag;
	if (m->digest != message_digest() ||
	    !view_is(m->program, role_name(c->program->role))) {
		log_error(child_name(c), "program=%s is not of this version: "
		    "install all programs together", log_quote(m->program));
		child_event(c, CHILD_BROKEN);
		return;
	}
	if (c->greeted || c->state != CHILD_STARTING)
		return;
	c->greeted = handover(c);
	if (!c->greeted)
		child_event(c, CHILD_BROKEN);
}

static void
on_ready(struct channel *ch, uint32_t tag, struct msg_ready *m)
{
	struct child *c = child_of(ch);

	(void)tag;
	if (!c->greeted || c->ready_at != 0)
		return;
	free(c->layers);
	c->layers = xstrndup(m->layers.p, m->layers.n);
	child_event(c, CHILD_READY);
}

static void
on_load(struct channel *ch, uint32_t tag, struct msg_load *m)
{
	struct child *c = child_of(ch);

	(void)tag;
	if (m->sessions == 0 && c->sessions > 0)
		c->idle_at = clock_ms();
	c->sessions = m->sessions;
	c->full = m->full != 0;
	if (c->full && !house_is_stopping())
		fill_sessions(c->program);
}

struct child *
roster_process(uint32_t process)
{
	struct child *c;

	TAILQ_FOREACH(c, &children, entry)
		if (c->process == process && c->channel != NULL)
			return c;
	return NULL;
}

/* Of the two one has broken the rules, or the other says so falsely. The one of
 * less trust is ended: so nobody can end a program of more trust by a lie. */
static void
on_link_lost(struct channel *ch, uint32_t tag, struct msg_link_lost *m)
{
	struct child *c = child_of(ch), *o = roster_process(m->process);

	(void)tag;
	if (o == NULL || o == c || !c->greeted || !o->greeted ||
	    !programs_are_peers(c->program->role, o->program->role))
		return;
	if (!m->breach) {
		handover_again(c->process, o->process);
		return;
	}
	if (o->program->role > c->program->role)
		o = c;
	log_error(child_name(o), "pid=%d broke the rules, killed by=%s",
	    (int)o->pid, role_name(c->program->role));
	child_accuse(o);
}

static void
on_closed(struct channel *ch)
{
	struct child *c = child_of(ch);

	c->channel = NULL;
	c->greeted = false;
	child_event(c, CHILD_BROKEN);
}

static const struct handlers handlers = {
	.hello = on_hello,
	.ready = on_ready,
	.load = on_load,
	.link_lost = on_link_lost,
	.helper_start = helper_start,
	.deliver_start = deliver_start,
	.table_connect = table_connect,
	.closed = on_closed,
};

struct channel *
roster_channel(struct child *c, int fd)
{
	struct peer_id id = { c->program->role, c->instance, c->process };
	struct channel *ch = channel_open(fd, ROLE_MASTER, id, &handlers);

	*channel_slot(ch) = c;
	return ch;
}

static struct child *
with_pid(pid_t pid)
{
	struct child *c;

	TAILQ_FOREACH(c, &children, entry)
		if (c->pid == pid)
			return c;
	return NULL;
}

void
roster_reap(void)
{
	struct child *c;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		c = with_pid(pid);
		if (c != NULL)
			child_ended(c, status);
		else
			drain_ended(pid, status);
		helper_ended(pid, status);
	}
}
