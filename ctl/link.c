/* SPDX-License-Identifier: ISC */
/*
 * link - calls from straight-line code
 *
 * A command is no fiber: for each call a fiber waits for the answer in its
 * place, and the loop runs until it has it.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/string.h>

#include "ctl/link.h"
#include "lib/base/clock.h"
#include "lib/proc/fiber.h"

#define ANSWER_MS	3600000	/* a rebuild may take long */

static struct channel *master;
static bool lost;	/* a link is: its channel is freed, nothing works */

struct errand {
	struct channel *channel;
	const struct message *request;
	struct reply *reply;
	struct why *why;
	bool fine;
};

struct channel *
link_master(void)
{
	return master;
}

void
link_closed(struct channel *c)
{
	if (c == master)
		master = NULL;
	lost = true;
	loop_stop();
}

void
link_done(void)
{
	loop_stop();
}

bool
link_wait(void)
{
	if (!lost)
		loop_run();
	return !lost;
}

static void
run_errand(void *arg)
{
	struct errand *e = arg;

	e->fine = channel_call(e->channel, e->request, e->reply,
	    deadline_in(ANSWER_MS), e->why);
	loop_stop();
}

bool
link_call(struct channel *c, const struct message *request, struct reply *r,
    struct why *w)
{
	struct errand e = { c, request, r, w, false };
	size_t before = fiber_count();

	*r = (struct reply){ .m.type = MSG_LIMIT };
	if (lost)
		return why_later(w, "3.0", "the server has just gone");
	fiber_start(run_errand, &e);
	do
		loop_run();
	while (fiber_count() > before);
	return e.fine;
}

bool
link_ask(struct channel *c, const struct message *request, struct why *w)
{
	struct reply r;
	bool fine = link_call(c, request, &r, w) &&
	    reply_is(&r, MSG_answer, w);

	reply_free(&r);
	return fine;
}

/* -1 with errno. */
static int
connect_control(const struct settings *s)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct str path = { 0 };
	int fd;

	str_addf(&path, "%s/control", s->run_dir);
	strlcpy(un.sun_path, str_c(&path), sizeof(un.sun_path));
	str_free(&path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static bool
greet(struct why *w)
{
	struct message hello = { .type = MSG_hello,
		.hello = { message_digest(), (uint32_t)getpid(),
		    VIEW_LIT("ctl") } };
	struct reply r;
	bool fine = link_call(master, &hello, &r, w) &&
	    reply_is(&r, MSG_welcome, w);

	reply_free(&r);
	return fine;
}

static int
open_master(struct ctl *ctl, const struct handlers *handlers)
{
	int fd = connect_control(ctl_settings(ctl));

	if (fd >= 0)
		master = channel_open(fd, ROLE_CTL,
		    (struct peer_id){ .role = ROLE_MASTER }, handlers);
	return fd < 0 ? errno : 0;
}

bool
link_try(struct ctl *ctl, const struct handlers *handlers)
{
	struct why w;

	if (master != NULL)
		return !lost;
	return open_master(ctl, handlers) == 0 && greet(&w);
}

int
link_open(struct ctl *ctl, const struct handlers *handlers)
{
	int error = open_master(ctl, handlers);
	struct why w;

	if (error == EACCES || error == EPERM)
		return ctl_fail(EX_NOPERM, "%s/control lets only root and the "
		    "user of the server in", ctl->settings->run_dir);
	if (error != 0)
		return ctl_fail(EX_UNAVAILABLE, "the server is not running "
		    "(run_dir = %s); \"%s start\" starts it",
		    ctl->settings->run_dir, ctl->self);
	if (!greet(&w))
		return ctl_fail(EX_UNAVAILABLE, "the server does not talk to "
		    "this command: %s", w.text);
	return 0;
}

int
link_program(unsigned role, uint32_t instance, const struct handlers *handlers,
    struct channel **c)
{
	struct message connect = { .type = MSG_connect,
		.connect = { role, instance } };
	struct peer_id id = { .role = role, .instance = instance };
	struct reply r;
	struct why w;

	*c = NULL;
	if (link_call(master, &connect, &r, &w) &&
	    reply_is(&r, MSG_peer, &w)) {
		id.process = r.m.peer.process;
		*c = channel_open(fd_take(&r.m.peer.link), ROLE_CTL, id,
		    handlers);
	}
	reply_free(&r);
	return *c != NULL ? 0 :
			    ctl_fail(EX_TEMPFAIL, "%s: %s", role_name(role),
				w.text);
}
