/* SPDX-License-Identifier: ISC */
/*
 * helper - fork, exec, and an end in any case
 *
 * The helper pam runs as root: reading /etc/shadow is what it is for. The
 * introspection program is the administrator's own and talks to the network: it
 * is never root, and as its own user it cannot read the users file either. The
 * helper fetch talks to whoever a foreign domain names: it has a user of its own
 * for the same reason.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "master/helper.h"
#include "master/house.h"
#include "master/places.h"
#include "master/spawn.h"

#define AT_ONCE		8	/* of a kind: twice what is asked for at a time, as
				 * one that has answered may not be gone yet */
#define LOCKS_S		90	/* deliver may wait so long before and after a
				 * command: it reads, locks and syncs */

/* Who may ask for it, how long it may take (who asks waits a little less), and
 * whom it becomes when master is root; NULL: it stays root. Without users of our
 * own (drop_privileges) there is still nobody. */
static const struct {
	unsigned role;
	int64_t time_ms;
	const char *own, *other;
	const char *setting;	/* that names it */
} kinds[HELPERS] = {
	[HELPER_PAM] = { ROLE_AUTH, 12000, NULL, NULL, "system_users" },
	[HELPER_OAUTH] = { ROLE_AUTH, 12000, "posthouse-oauth", "nobody",
	    "oauth_program" },
	[HELPER_FETCH] = { ROLE_SMTP, 65000, "posthouse-fetch", "nobody",
	    "mta_sts" },
	/* master/deliver.h starts it */
	[HELPER_DELIVER] = { 0, 0, NULL, NULL, "program_dir" },
};

static uint64_t
most_at_once(unsigned kind)
{
	return kind == HELPER_DELIVER ?
	    2 * house_settings()->command_deliveries : AT_ONCE;
}

static int64_t
longest_ms(unsigned kind)
{
	return kind == HELPER_DELIVER ?
	    (house_settings()->command_time + LOCKS_S) * 1000 :
	    kinds[kind].time_ms;
}

struct helper {
	LIST_ENTRY(helper) entry;
	unsigned kind;
	pid_t pid;
	struct loop_timer *timer;
};

static LIST_HEAD(, helper) helpers = LIST_HEAD_INITIALIZER(helpers);
static unsigned running[HELPERS];

static void
overdue(void *arg)
{
	const struct helper *h = arg;

	log_warning("helper", "pid=%d not done in time, killed", (int)h->pid);
	kill(h->pid, SIGKILL);
}

void
helper_path(const struct settings *s, unsigned kind, struct str *path)
{
	if (kind == HELPER_PAM && s->system_users)
		str_addf(path, "%s/pam", s->program_dir);
	if (kind == HELPER_OAUTH)
		str_adds(path, s->oauth_program);
	if (kind == HELPER_FETCH && s->mta_sts)
		str_addf(path, "%s/fetch", s->program_dir);
	if (kind == HELPER_DELIVER)
		str_addf(path, "%s/deliver", s->program_dir);
}

static void
watch(unsigned kind, pid_t pid)
{
	struct helper *h = xcalloc(1, sizeof(*h));

	h->kind = kind;
	h->pid = pid;
	h->timer = loop_timer_new(longest_ms(kind), overdue, h);
	running[kind]++;
	LIST_INSERT_HEAD(&helpers, h, entry);
}

int
helper_spawn(enum helper_kind kind, struct spawn *s, struct why *w)
{
	int pair[2];
	pid_t pid;

	if (running[kind] >= most_at_once(kind)) {
		why_later(w, "3.0", "Too many helpers at once");
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		why_errno(w, "socketpair");
		return -1;
	}
	s->control = pair[1];
	s->stdio = true;
	pid = spawn(s);
	close(pair[1]);
	if (pid < 0) {
		why_errno(w, "fork");
		close(pair[0]);
		return -1;
	}
	watch(kind, pid);
	return pair[0];
}

static int
start(unsigned kind, const char *path, struct why *w)
{
	const char *argv[] = { path, NULL };
	struct spawn s = { .path = path, .argv = argv, .bounded = true };

	if (geteuid() == 0)
		s.user = places_owned(house_settings()) ? kinds[kind].own :
							  kinds[kind].other;
	return helper_spawn(kind, &s, w);
}

bool
helper_check(const struct settings *s, struct str *error)
{
	size_t before = error->n;

	for (unsigned kind = HELPER_PAM; kind < HELPERS; kind++) {
		struct str path = { 0 };

		helper_path(s, kind, &path);
		if (path.n > 0 && access(str_c(&path), X_OK) < 0)
			str_addf(error, "%s: %s; %s names it\n",
			    str_c(&path), strerror(errno),
			    kinds[kind].setting);
		str_free(&path);
	}
	return error->n == before;
}

void
helper_start(struct channel *c, uint32_t tag, struct msg_helper_start *m)
{
	struct message answer = { .type = MSG_helper_started, .tag = tag };
	struct str path = { 0 };
	struct why w;

	if (m->kind < HELPERS && channel_peer(c)->role == kinds[m->kind].role)
		helper_path(house_settings(), m->kind, &path);
	if (path.n == 0) {
		why_later(&w, "3.0", "The settings name no such helper");
		answer.helper_started.socket = -1;
	} else {
		answer.helper_started.socket = start(m->kind, str_c(&path),
		    &w);
	}
	if (answer.helper_started.socket >= 0)
		channel_send(c, &answer);
	else
		channel_answer(c, tag, &w);
	str_free(&path);
}

void
helper_ended(pid_t pid, int status)
{
	struct helper *h;

	LIST_FOREACH(h, &helpers, entry)
		if (h->pid == pid)
			break;
	if (h == NULL)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SPAWN_FAILED)
		log_error("helper", "pid=%d cannot be executed: see "
		    "program_dir, oauth_program and the users "
		    "posthouse-oauth, posthouse-fetch and alias_user",
		    (int)pid);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_warning("helper", "pid=%d ended %s=%d", (int)pid,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
					  WEXITSTATUS(status));
	LIST_REMOVE(h, entry);
	running[h->kind]--;
	loop_timer_free(&h->timer);
	free(h);
}
