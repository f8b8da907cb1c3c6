/* SPDX-License-Identifier: ISC */
/*
 * handover - what a process gets from master, at its start and later
 *
 * Every pair of greeted processes whose roles are peers has a socketpair. A
 * process that says hello gets links to all that were greeted before, and they
 * get theirs to it: whoever comes last completes the pairs.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/proc/loop.h"
#include "master/handover.h"
#include "master/house.h"
#include "master/dns_files.h"
#include "master/key_files.h"
#include "master/login_file.h"
#include "master/roster.h"
#include "master/sockets.h"
#include "master/system_users.h"

#define AGAIN_MS	1000	/* time for both ends to see the end */

int
handover_link(struct child *c, const struct peer_id *other)
{
	struct message m = { .type = MSG_peer,
		.peer = { other->role, other->instance, other->process, -1 } };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error(child_name(c), "link error=\"%s\"", strerror(errno));
		return -1;
	}
	m.peer.link = pair[0];
	channel_send(c->channel, &m);
	return pair[1];
}

static bool
link_pair(struct child *a, struct child *b)
{
	struct peer_id id = { a->program->role, a->instance, a->process };
	struct message m = { .type = MSG_peer,
		.peer = { b->program->role, b->instance, b->process, -1 } };

	m.peer.link = handover_link(b, &id);
	return m.peer.link >= 0 && channel_send(a->channel, &m);
}

static bool
send_links(struct child *c)
{
	struct child *o;
	bool fine = true;

	TAILQ_FOREACH(o, roster(), entry)
		if (o != c && o->greeted && o->channel != NULL &&
		    programs_are_peers(c->program->role, o->program->role))
			fine = link_pair(c, o) && fine;
	return fine;
}

/* ---- a link that was lost ---- */

struct again {
	uint32_t a, b;
	struct loop_timer *timer;
};

static void
link_again(void *arg)
{
	struct again *again = arg;
	struct child *a = roster_process(again->a);
	struct child *b = roster_process(again->b);

	if (a != NULL && b != NULL && a->greeted && b->greeted) {
		log_warning(child_name(a), "linked again to=%s",
		    role_name(b->program->role));
		link_pair(a, b);
	}
	loop_timer_free(&again->timer);
	free(again);
}

void
handover_again(uint32_t a, uint32_t b)
{
	struct again *again = xcalloc(1, sizeof(*again));

	again->a = a;
	again->b = b;
	again->timer = loop_timer_new(AGAIN_MS, link_again, again);
}

/* ---- what everybody gets ---- */

static int
settings_memfd(const struct settings *s)
{
	struct str text = { 0 };
	int fd;

	settings_write(s, true, false, &text);
	fd = file_memfd("settings", str_view(&text));
	str_free(&text);
	if (fd < 0)
		log_error("settings", "memfd error=\"%s\"", strerror(errno));
	return fd;
}

static void
send_welcome(struct child *c)
{
	struct message m = { .type = MSG_welcome,
		.welcome = { message_digest(), c->process, c->instance,
		    settings_memfd(house_settings()), house_log() } };

	channel_send(c->channel, &m);
}

static bool
send_listeners(struct child *c)
{
	const struct settings *s = house_settings();
	bool fine = true;

	for (size_t i = 0; i < s->listener_count; i++) {
		const struct listener_settings *l = &s->listener[i];
		struct message m = { .type = MSG_listener,
			.listener = { view_of(l->name), -1 } };

		if (listener_role(l) != c->program->role)
			continue;
		m.listener.socket = fcntl(socket_of(l->address),
		    F_DUPFD_CLOEXEC, 0);
		if (m.listener.socket >= 0) {
			channel_send(c->channel, &m);
			continue;
		}
		log_error(child_name(c), "listener=%s error=\"%s\"", l->name,
		    strerror(errno));
		fine = false;
	}
	return fine;
}

bool
handover(struct child *c)
{
	struct message start = { .type = MSG_start };

	send_welcome(c);
	if (!send_listeners(c) || !send_links(c))
		return false;
	if (c->program->role == ROLE_KEYS)
		key_files_give(c);
	if (c->program->role == ROLE_SMTP)
		login_file_give(c);
	if (c->program->role == ROLE_RESOLVER)
		dns_files_give(c);
	if (c->program->role == ROLE_ROUTER)
		system_users_give(c);
	channel_send(c->channel, &start);
	return true;
}

/* ---- new settings ---- */

/* The name stays, but it is another socket or another program's now. */
static bool
has_moved(const struct listener_settings *l, const struct settings *was)
{
	const struct listener_settings *old = settings_listener(was, l->name);

	return old != NULL && (strcmp(old->address, l->address) != 0 ||
	    listener_role(old) != listener_role(l));
}

static void
send_settings(struct child *c, const struct settings *s)
{
	struct message m = { .type = MSG_settings,
		.settings = { settings_memfd(s) } };

	if (m.settings.settings >= 0)
		channel_send(c->channel, &m);
}

/* A process closes a listener whose name has gone from the settings: one that
 * moved goes first and comes back with its new socket. */
static void
send_without_moved(struct child *c, const struct settings *was)
{
	const struct settings *s = house_settings();
	struct settings some = *s;
	size_t n = 0;

	some.listener = xcalloc(s->listener_count, sizeof(*some.listener));
	for (size_t i = 0; i < s->listener_count; i++)
		if (!has_moved(&s->listener[i], was))
			some.listener[n++] = s->listener[i];
	some.listener_count = n;
	if (n < s->listener_count)
		send_settings(c, &some);
	free(some.listener);
}

void
handover_settings(const struct settings *was)
{
	struct child *c = NULL;

	TAILQ_FOREACH(c, roster(), entry) {
		if (!c->greeted || c->channel == NULL)
			continue;
		if (c->program->need == NEED_LISTENERS)
			send_without_moved(c, was);
		send_settings(c, house_settings());
		if (c->program->need == NEED_LISTENERS)
			send_listeners(c);
	}
}

void
handover_drain(void)
{
	struct message m = { .type = MSG_drain };
	struct child *c;

	TAILQ_FOREACH(c, roster(), entry)
		if (c->greeted && c->channel != NULL &&
		    c->program->role & (ROLE_AUTH | ROLE_ROUTER))
			channel_send(c->channel, &m);
}
