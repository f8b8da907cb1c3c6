/* SPDX-License-Identifier: ISC */
/*
 * control - answers to the administrator's command
 *
 * `connect` asks for a link to a program: master makes a socketpair, gives one
 * end to the program and the other to the command, and is out of the way.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/version.h"
#include "lib/proc/channel.h"
#include "lib/proc/fiber.h"
#include "master/control.h"
#include "master/handover.h"
#include "master/house.h"
#include "master/roster.h"
#include "master/sockets.h"

#define GUESTS_MOST	64

static struct {
	int fd;
	char *path;
	struct event *readable;
	unsigned guests;
} control = { .fd = -1 };

static void
answer(struct channel *c, uint32_t tag, enum verdict v, struct view sentence)
{
	struct message m = { .type = MSG_answer, .tag = tag,
		.answer = { (uint8_t)v, VIEW_LIT("0.0"), sentence } };

	channel_send(c, &m);
}

static void
on_hello(struct channel *c, uint32_t tag, struct msg_hello *m)
{
	struct message w = { .type = MSG_welcome, .tag = tag,
		.welcome = { message_digest(), channel_peer(c)->process, 0, -1,
		    -1 } };
	struct str text = { 0 };

	if (m->digest != message_digest()) {
		answer(c, tag, VERDICT_NEVER,
		    VIEW_LIT("the server that runs is of another version than "
			     "this command"));
		return;
	}
	settings_write(house_settings(), true, false, &text);
	w.welcome.settings = file_memfd("settings", str_view(&text));
	str_free(&text);
	channel_send(c, &w);
}

static void
on_status(struct channel *c, uint32_t tag, struct msg_status *unused)
{
	struct message end = { .type = MSG_status_end, .tag = tag,
		.status_end = { (uint32_t)getpid(), house_since(),
		    VIEW_LIT(POSTHOUSE_VERSION) } };
	const struct child *k = NULL;

	(void)unused;
	TAILQ_FOREACH(k, roster(), entry) {
		struct message m = { .type = MSG_status_program, .tag = tag,
			.status_program = { .role = k->program->role,
			    .instance = k->instance,
			    .process = k->process,
			    .pid = (uint32_t)k->pid,
			    .state = view_of(child_state_name(k->state)),
			    .sessions = k->sessions,
			    .restarts = k->restarts,
			    .since = k->since,
			    .layers = view_of(k->layers ? k->layers : "") } };

		channel_send(c, &m);
	}
	channel_send(c, &end);
}

static void
on_connect(struct channel *c, uint32_t tag, struct msg_connect *m)
{
	struct child *k = roster_find(m->role, m->instance);
	struct message p = { .type = MSG_peer, .tag = tag,
		.peer = { m->role, m->instance, 0, -1 } };

	if (k == NULL || !(k->program->peers & ROLE_CTL)) {
		answer(c, tag, VERDICT_NEVER,
		    VIEW_LIT("there is no such program to talk to"));
		return;
	}
	if (k->state == CHILD_RUNNING && k->channel != NULL)
		p.peer.link = handover_link(k, channel_peer(c));
	if (p.peer.link < 0) {
		answer(c, tag, VERDICT_LATER,
		    VIEW_LIT("it is not running just now; try again"));
		return;
	}
	p.peer.process = k->process;
	channel_send(c, &p);
}

static void
on_reload(struct channel *c, uint32_t tag, struct msg_reload *unused)
{
	struct str error = { 0 };

	(void)unused;
	if (house_reload(&error))
		answer(c, tag, VERDICT_DONE, VIEW_LIT("settings are in force"));
	else
		answer(c, tag, VERDICT_NEVER, str_view(&error));
	str_free(&error);
}

static void
on_stop(struct channel *c, uint32_t tag, struct msg_stop *unused)
{
	(void)unused;
	answer(c, tag, VERDICT_DONE, VIEW_LIT("stopping"));
	house_stop();
}

static void
on_closed(struct channel *c)
{
	(void)c;
	control.guests--;
}

static const struct handlers handlers = {
	.hello = on_hello,
	.status = on_status,
	.connect = on_connect,
	.reload = on_reload,
	.stop = on_stop,
	.closed = on_closed,
};

static bool
may_enter(int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	if (control.guests >= GUESTS_MOST ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return false;
	if (who.uid == 0 || who.uid == geteuid())
		return true;
	log_warning("control", "refused uid=%u pid=%d", who.uid, who.pid);
	return false;
}

static void
accept_guest(evutil_socket_t listening, short what, void *arg)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct peer_id id = { .role = ROLE_CTL };

	(void)what;
	(void)arg;
	if (fd < 0)
		return;
	if (!may_enter(fd)) {
		close(fd);
		return;
	}
	control.guests++;
	id.process = roster_next_process();
	channel_open(fd, ROLE_MASTER, id, &handlers);
}

bool
control_open(const char *run_dir, struct str *error)
{
	struct str path = { 0 };

	str_addf(&path, "%s/control", run_dir);
	control.fd = socket_unix(str_c(&path), 0600, error);
	if (control.fd >= 0) {
		control.path = xstrdup(str_c(&path));
		control.readable = event_new(loop_base(), control.fd,
		    EV_READ | EV_PERSIST, accept_guest, NULL);
		must(control.readable != NULL);
		event_add(control.readable, NULL);
	}
	str_free(&path);
	return control.fd >= 0;
}

void
control_close(void)
{
	if (control.fd < 0)
		return;
	event_free(control.readable);
	unlink(control.path);
	free(control.path);
	close(control.fd);
	control.fd = -1;
}
