/* SPDX-License-Identifier: ISC */
/*
 * sessions - accept, count, run, close
 *
 * A process that has as many sessions of a listener as the settings allow
 * leaves further clients in the listen queue for another process, which master
 * starts when told. A client with too many sessions of its own is told so and
 * closed at once.
 *
 * When nobody has taken a waiting client for PATIENCE_MS, all processes are
 * full: the door is pressed. Then somebody goes for each newcomer: a session
 * that has done nothing yet (no login, no mail) and is of a more crowded network
 * or client than he is, the oldest of the most crowded ones; or one that has
 * done nothing for PROTECTED_MS. Else the newcomer is told to come again. So a
 * crowd of idlers pushes out its own, and who comes alone gets in at once.
 */
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "lib/base/log.h"
#include "lib/proc/arrival.h"
#include "lib/proc/session_tls.h"
#include "lib/proc/sessions.h"

#define ACCEPT_PAUSE_MS	200	/* after EMFILE and the like */
#define SCARCE_MS	5000	/* after that, too: as full, others may have room */
#define ACCEPT_TURN	64	/* clients; then it is the others' turn */
#define PATIENCE_MS	1000
#define PROTECTED_MS	5000
#define DESCRIPTORS	3	/* of a session: socket, content, and spare */
#define DESCRIPTORS_OWN	64	/* of the process */
/* Each stack is two mappings, and the kernel allows 65530 in a process. */
#define SESSIONS_MOST	30000

struct door {
	struct listener listener;
	const struct settings *settings;	/* the listener's are in it */
	LIST_ENTRY(door) entry;
	struct fiber *fiber;		/* accepting */
	struct fiber_queue room;
	uint64_t sessions;
	bool closed;
	int64_t pressed;		/* until then somebody goes */
	unsigned accepted;
	char name[64];
};

struct guest {
	struct session session;
	LIST_ENTRY(guest) entry;
	struct door *door;
	const struct settings *settings;
	int64_t since;
};

static LIST_HEAD(, door) doors = LIST_HEAD_INITIALIZER(doors);
static LIST_HEAD(, guest) guests = LIST_HEAD_INITIALIZER(guests);
static const struct program *program;
static size_t count, most = SESSIONS_MOST;
static int64_t scarce;	/* until then the system has no descriptor for us */
static uint64_t number;
static void (*notify)(void);
static bool begun;

size_t
sessions_count(void)
{
	return count;
}

void
sessions_notify(void (*fn)(void))
{
	notify = fn;
}

void
sessions_descriptors(uint64_t n)
{
	most = n < DESCRIPTORS_OWN + DESCRIPTORS ? 1 :
						   (n - DESCRIPTORS_OWN) /
		DESCRIPTORS;
	if (most > SESSIONS_MOST)
		most = SESSIONS_MOST;
}

static bool
door_full(const struct door *d)
{
	return d->sessions >= d->listener.settings->sessions ||
	    count >= most || clock_ms() < scarce;
}

bool
sessions_full(void)
{
	struct door *d;

	LIST_FOREACH(d, &doors, entry)
		if (!d->closed && door_full(d))
			return true;
	return false;
}

/* ---- one guest ---- */

static void
door_free_if_unused(struct door *d)
{
	if (!d->closed || d->sessions > 0 || d->fiber != NULL)
		return;
	LIST_REMOVE(d, entry);
	settings_unuse(d->settings);
	free(d);
}

static void
guest_leave(struct guest *g)
{
	struct door *d = g->door;

	stream_close(&g->session.stream);
	LIST_REMOVE(g, entry);
	crowd_leave(&g->session.spot);
	d->sessions--;
	count--;
	fiber_queue_wake(&d->room);
	settings_unuse(g->settings);
	free(g);
	door_free_if_unused(d);
	if (notify != NULL)
		notify();
}

/* To a client that begins with a handshake clear text says nothing. */
static bool
speaks_tls(const struct listener *l)
{
	return listener_tls(service_settings(), l->settings) ==
	    LISTENER_IMPLICIT;
}

/* In the fiber: false when the session is over before it began. */
static bool
guest_arrives(struct guest *g)
{
	struct session *s = &g->session;
	bool busy = service_stopping();

	if (!busy && (!s->listener->settings->proxy ||
		arrival_proxy(s, &busy)))
		return true;
	if (busy && !speaks_tls(s->listener))
		stream_puts(&s->stream, program->busy);
	return false;
}

static void
guest_run(void *arg)
{
	struct guest *g = arg;

	g->session.fiber = fiber_self();
	if (guest_arrives(g) && session_tls_implicit(&g->session))
		program->session(&g->session);
	stream_flush(&g->session.stream);
	guest_leave(g);
}

static void
guest_start(struct guest *g, int fd)
{
	struct session *s = &g->session;
	struct door *d = g->door;
	int on = 1;

	stream_open(&s->stream, fd);
	if (s->address.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	snprintf(s->id, sizeof(s->id), "%u.%llu", service_process(),
	    (unsigned long long)s->number);
	g->settings = service_settings();
	settings_use(g->settings);
	g->since = clock_ms();
	d->sessions++;
	count++;
	LIST_INSERT_HEAD(&guests, g, entry);
	s->fiber = fiber_start(guest_run, g);
	if (notify != NULL)
		notify();
}

/* ---- making place ---- */

/* How crowded it is where a session comes from; the same client, then the same
 * network. Without an address: very. */
static bool
is_more_crowded(const struct guest *a, const struct guest *b)
{
	const struct crowd_spot *at = &a->session.spot, *bt = &b->session.spot;

	if (crowd_network(at) != crowd_network(bt))
		return crowd_network(at) > crowd_network(bt);
	return crowd_client(at) > crowd_client(bt);
}

static bool
must_go_before(const struct guest *a, const struct guest *b)
{
	if (b == NULL || is_more_crowded(a, b))
		return true;
	return !is_more_crowded(b, a) && a->session.number < b->session.number;
}

/* May this one go for a client at the door? When the door is not full, it is
 * the process, and anybody may. */
static bool
may_go(const struct guest *g, const struct door *d)
{
	bool here = d->sessions >= d->listener.settings->sessions;

	return !g->session.settled && !g->session.evicted &&
	    g->session.spot.client != NULL && (g->door == d || !here);
}

/* False: there is no room, and nobody goes for the newcomer. */
static bool
make_place(const struct door *d, const struct guest *newcomer)
{
	int64_t late = clock_ms() - PROTECTED_MS;
	struct guest *g, *crowded = NULL, *old = NULL;

	LIST_FOREACH(g, &guests, entry) {
		if (!may_go(g, d))
			continue;
		if (must_go_before(g, crowded))
			crowded = g;
		if (g->since <= late && must_go_before(g, old))
			old = g;
	}
	g = old;
	if (crowded != NULL && newcomer->session.spot.client != NULL &&
	    is_more_crowded(crowded, newcomer))
		g = crowded;
	if (g == NULL)
		return false;
	g->session.evicted = true;
	crowd_leave(&g->session.spot);
	fiber_cancel(g->session.fiber);
	return true;
}

void
session_renumber(struct session *s)
{
	s->number = ++number;
}

/* One too many costs a line and no fiber. */
static void
guest_enter(struct door *d, int fd, const struct sockaddr_storage *from)
{
	struct guest *g = xcalloc(1, sizeof(*g));
	struct session *s = &g->session;
	bool fine;

	s->number = ++number;
	s->listener = &d->listener;
	s->address = *from;
	g->door = d;
	arrival_name(s, fd);
	fine = d->listener.settings->proxy || arrival_count(s);
	if (fine && door_full(d) && !make_place(d, g)) {
		arrival_refused(s);
		fine = false;
	}
	if (fine) {
		guest_start(g, fd);
		return;
	}
	crowd_leave(&s->spot);
	if (!speaks_tls(&d->listener))
		send(fd, program->busy, strlen(program->busy),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
	free(g);
}

/* ---- the door ---- */

/* False when the listening socket has no more for now. */
static bool
accept_one(struct door *d)
{
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof(from);
	int fd = accept4(d->listener.fd, (struct sockaddr *)&from, &n,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		if (n < sizeof(sa_family_t))
			from.ss_family = AF_UNIX;
		guest_enter(d, fd, &from);
		return true;
	}
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	if (errno != EAGAIN) {
		log_warning("accept", "listener=%s error=\"%s\"", d->name,
		    strerror(errno));
		scarce = deadline_in(SCARCE_MS);
		if (notify != NULL)
			notify();
		fiber_sleep(ACCEPT_PAUSE_MS);
		return true;
	}
	return false;
}

static bool
somebody_waits(const struct door *d)
{
	struct pollfd p = { .fd = d->listener.fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Another process may have room for those who wait; if not, it is known after
 * PATIENCE_MS. */
static enum wait
wait_for_room(struct door *d)
{
	enum wait w = fiber_queue_wait(&d->room, deadline_in(PATIENCE_MS));

	if (w == WAIT_TIMEOUT && somebody_waits(d))
		d->pressed = deadline_in(PATIENCE_MS);
	return w;
}

/* Take all that wait. */
static enum wait
take_clients(struct door *d)
{
	bool full = door_full(d);

	if (!accept_one(d))
		return fd_wait_read(d->listener.watch,
		    full ? d->pressed : DEADLINE_NEVER);
	if (full)
		d->pressed = deadline_in(PATIENCE_MS);
	if (++d->accepted % ACCEPT_TURN == 0)
		return fiber_sleep(0);
	return WAIT_READY;
}

static void
door_run(void *arg)
{
	struct door *d = arg;
	enum wait w = WAIT_READY;

	session_tls_ready(d->listener.settings);
	while (!d->closed && w != WAIT_CANCELLED)
		if (door_full(d) && clock_ms() >= d->pressed)
			w = wait_for_room(d);
		else
			w = take_clients(d);
	fd_unwatch(&d->listener.watch);
	close(d->listener.fd);
	d->fiber = NULL;
	d->closed = true;
	door_free_if_unused(d);
}

static void
door_open(struct door *d)
{
	d->listener.watch = fd_watch(d->listener.fd);
	d->fiber = fiber_start(door_run, d);
}

/* The settings of a listener that is gone stay as long as its sessions. */
static void
door_use(struct door *d, const struct settings *s,
    const struct listener_settings *l)
{
	const struct settings *old = d->settings;

	settings_use(s);
	d->settings = s;
	d->listener.settings = l;
	if (old != NULL)
		settings_unuse(old);
}

static struct door *
door_find(struct view name)
{
	struct door *d;

	LIST_FOREACH(d, &doors, entry)
		if (!d->closed && view_is(name, d->name))
			return d;
	return NULL;
}

void
sessions_listen(const struct program *p, struct view name, int fd)
{
	const struct listener_settings *l;
	struct door *d;

	program = p;
	if (door_find(name) != NULL) {
		close(fd);
		return;
	}
	d = xcalloc(1, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%.*s", VIEW(name));
	d->listener.fd = fd;
	l = settings_listener(service_settings(), d->name);
	if (l == NULL)
		fatal("master handed over listener %s, which is not in the "
		      "settings", d->name);
	door_use(d, service_settings(), l);
	LIST_INSERT_HEAD(&doors, d, entry);
	if (begun)
		door_open(d);
}

void
sessions_begin(void)
{
	struct door *d;

	begun = true;
	LIST_FOREACH(d, &doors, entry)
		door_open(d);
}

static void
door_close(struct door *d)
{
	d->closed = true;
	if (d->fiber != NULL)
		fiber_cancel(d->fiber);
}

void
sessions_prune(void)
{
	const struct settings *s = service_settings();
	struct door *d;

	LIST_FOREACH(d, &doors, entry) {
		const struct listener_settings *l =
		    settings_listener(s, d->name);

		if (l == NULL)
			door_close(d);
		else
			door_use(d, s, l);
	}
}

void
sessions_stop(void)
{
	struct door *d;

	LIST_FOREACH(d, &doors, entry)
		door_close(d);
}

void
sessions_cancel(void)
{
	struct guest *g;

	LIST_FOREACH(g, &guests, entry)
		fiber_cancel(g->session.fiber);
}
