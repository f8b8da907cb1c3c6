/* SPDX-License-Identifier: ISC */
/*
 * sessions - accept, count, run, close
 *
 * A process that has as many sessions of a listener as the settings allow
 * leaves further clients in the listen queue for another process, which master
 * starts when told. A client with too many sessions of its own is told so and
 * closed at once.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>

#include "lib/base/log.h"
#include "lib/base/tree.h"
#include "lib/proc/sessions.h"

#define ACCEPT_PAUSE_MS	200	/* after EMFILE and the like */

struct client {
	RB_ENTRY(client) entry;
	char name[64];
	uint64_t sessions;
};
RB_HEAD(clients, client);

static int
by_name(const struct client *a, const struct client *b)
{
	return strcmp(a->name, b->name);
}
TREE_GENERATE(clients, client, entry, by_name)

struct door {
	struct listener listener;
	LIST_ENTRY(door) entry;
	struct fiber *fiber;		/* accepting */
	struct fiber_queue room;
	uint64_t sessions;
	bool closed;
	char name[64];
};

struct guest {
	struct session session;
	LIST_ENTRY(guest) entry;
	struct door *door;
	struct client *client;
	const struct settings *settings;
};

static LIST_HEAD(, door) doors = LIST_HEAD_INITIALIZER(doors);
static LIST_HEAD(, guest) guests = LIST_HEAD_INITIALIZER(guests);
static struct clients clients = RB_INITIALIZER(&clients);
static const struct program *program;
static size_t count;
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

static bool
door_full(const struct door *d)
{
	return d->sessions >= d->listener.settings->sessions;
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

static struct client *
client_enter(const char *name)
{
	struct client key = { 0 }, *c;

	strlcpy(key.name, name, sizeof(key.name));
	c = RB_FIND(clients, &clients, &key);
	if (c == NULL) {
		c = xcalloc(1, sizeof(*c));
		strlcpy(c->name, name, sizeof(c->name));
		RB_INSERT(clients, &clients, c);
	}
	c->sessions++;
	return c;
}

static void
client_leave(struct client *c)
{
	if (--c->sessions > 0)
		return;
	RB_REMOVE(clients, &clients, c);
	free(c);
}

static void
door_free_if_unused(struct door *d)
{
	if (!d->closed || d->sessions > 0 || d->fiber != NULL)
		return;
	LIST_REMOVE(d, entry);
	free(d);
}

static void
guest_leave(struct guest *g)
{
	struct door *d = g->door;

	stream_close(&g->session.stream);
	LIST_REMOVE(g, entry);
	client_leave(g->client);
	d->sessions--;
	count--;
	fiber_queue_wake(&d->room);
	settings_unuse(g->settings);
	free(g);
	door_free_if_unused(d);
	if (notify != NULL)
		notify();
}

static void
guest_run(void *arg)
{
	struct guest *g = arg;
	uint64_t most = g->door->listener.settings->sessions_per_client;

	g->session.fiber = fiber_self();
	if (service_stopping() || g->client->sessions > most) {
		if (!service_stopping())
			log_warning(g->session.id,
			    "too many sessions client=%s most=%llu",
			    g->session.client, (unsigned long long)most);
		stream_puts(&g->session.stream, program->busy);
	} else {
		program->session(&g->session);
	}
	stream_flush(&g->session.stream);
	guest_leave(g);
}

static void
name_client(struct session *s)
{
	const struct sockaddr_in *v4 = (const void *)&s->address;
	const struct sockaddr_in6 *v6 = (const void *)&s->address;
	struct ucred cred;
	socklen_t n = sizeof(cred);

	s->uid = UINT32_MAX;
	if (s->address.ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, s->client, sizeof(s->client));
		s->port = ntohs(v4->sin_port);
	} else if (s->address.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, s->client,
		    sizeof(s->client));
		s->port = ntohs(v6->sin6_port);
	} else {
		strlcpy(s->client, "local", sizeof(s->client));
		if (getsockopt(s->stream.fd, SOL_SOCKET, SO_PEERCRED, &cred,
			&n) == 0)
			s->uid = cred.uid;
	}
}

static void
guest_enter(struct door *d, int fd, const struct sockaddr_storage *from)
{
	struct guest *g = xcalloc(1, sizeof(*g));
	struct session *s = &g->session;
	int on = 1;

	s->number = ++number;
	s->listener = &d->listener;
	s->address = *from;
	stream_open(&s->stream, fd);
	name_client(s);
	if (from->ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	snprintf(s->id, sizeof(s->id), "%u.%llu", service_process(),
	    (unsigned long long)s->number);
	g->door = d;
	g->client = client_enter(s->client);
	g->settings = service_settings();
	settings_use(g->settings);
	d->sessions++;
	count++;
	LIST_INSERT_HEAD(&guests, g, entry);
	fiber_start(guest_run, g);
	if (notify != NULL)
		notify();
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
		fiber_sleep(ACCEPT_PAUSE_MS);
		return true;
	}
	return false;
}

static void
door_run(void *arg)
{
	struct door *d = arg;
	enum wait w = WAIT_READY;

	while (!d->closed && w != WAIT_CANCELLED) {
		if (door_full(d))
			w = fiber_queue_wait(&d->room, DEADLINE_NEVER);
		else if (!accept_one(d))
			w = fd_wait_read(d->listener.watch, DEADLINE_NEVER);
	}
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
	struct door *d;

	program = p;
	if (door_find(name) != NULL) {
		close(fd);
		return;
	}
	d = xcalloc(1, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%.*s", VIEW(name));
	d->listener.fd = fd;
	d->listener.settings = settings_listener(service_settings(), d->name);
	if (d->listener.settings == NULL)
		fatal("master handed over listener %s, which is not in the "
		      "settings", d->name);
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
			d->listener.settings = l;
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
