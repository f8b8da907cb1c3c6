/* SPDX-License-Identifier: ISC */
/*
 * serve - refresh the table of users, and send router and store what they need
 *
 * A refresh runs in a fiber, one at a time; a wish that comes meanwhile makes
 * it look once more. The lists are made once for all who get them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "auth/claim.h"
#include "auth/exchange.h"
#include "auth/fake.h"
#include "auth/penalty.h"
#include "auth/serve.h"
#include "auth/users.h"
#include "lib/base/log.h"
#include "lib/mail/scheme.h"
#include "lib/mail/users_file.h"
#include "lib/proc/service.h"

static struct {
	struct users *users;
	/* sealed memfds, or -1: the names, and who has which limits */
	int list, limits;
	bool refreshing, again;
} serve = { .list = -1, .limits = -1 };

static int
copy(int fd, const char *whom)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0)
		log_error("users", "%s is not told: %s", whom, strerror(errno));
	return own;
}

static void
send_list(struct channel *c)
{
	struct message m = { .type = MSG_user_table };

	m.user_table.first = users_first(serve.users);
	m.user_table.table = copy(serve.list, "router");
	if (m.user_table.table >= 0)
		channel_send(c, &m);
}

static void
send_limits(struct channel *c)
{
	struct message m = { .type = MSG_quota_table };

	m.quota_table.table = copy(serve.limits, "store");
	if (m.quota_table.table >= 0)
		channel_send(c, &m);
}

static bool
made(int *fd, int fresh)
{
	if (fresh < 0) {
		log_error("users", "the list of names cannot be made: %s",
		    strerror(errno));
		return false;
	}
	if (*fd >= 0)
		close(*fd);
	*fd = fresh;
	return true;
}

/* Make the lists that others get; false when the present ones are still right
 * or there can be none. */
static bool
lists_made(unsigned before)
{
	if (!users_ready(serve.users) ||
	    (serve.list >= 0 && users_made(serve.users) == before))
		return false;
	return made(&serve.list, users_list(serve.users)) &&
	    made(&serve.limits, users_limits(serve.users));
}

static bool
refresh_once(void)
{
	unsigned before = users_made(serve.users);
	struct why w;

	const struct settings *s = service_settings();

	if (!users_refresh(serve.users, s->users, users_domain(s), &w))
		log_error("users", "they stay as they were: %s", w.text);
	return lists_made(before);
}

static void
send_mechanisms(struct channel *c)
{
	struct message m = { .type = MSG_mechanisms };
	struct str names = { 0 };

	exchange_names(users_serve(serve.users), &names);
	m.mechanisms.names = str_view(&names);
	channel_send(c, &m);
	str_free(&names);
}

static void
tell(unsigned role, void (*send)(struct channel *))
{
	struct channel *c;

	for (size_t n = 0; (c = service_peer_nth(role, n)) != NULL; n++)
		send(c);
}

static const unsigned session_roles[] = { ROLE_SMTPD, ROLE_POP3D, ROLE_IMAPD };

static void
refresh(void *arg UNUSED)
{
	do {
		serve.again = false;
		if (refresh_once()) {
			tell(ROLE_ROUTER, send_list);
			tell(ROLE_STORE, send_limits);
		}
	} while (serve.again);
	for (size_t i = 0; i < nitems(session_roles); i++)
		tell(session_roles[i], send_mechanisms);
	serve.refreshing = false;
}

static void
set_limits(void)
{
	const struct settings *s = service_settings();

	penalty_limits(s->login_failures, s->login_lockout * 1000);
}

void
serve_changed(void)
{
	set_limits();
	serve.again = serve.refreshing;
	if (serve.refreshing)
		return;
	serve.refreshing = true;
	fiber_start(refresh, NULL);
}

void
serve_linked(struct channel *c)
{
	if (channel_peer(c)->role == ROLE_ROUTER && serve.list >= 0)
		send_list(c);
	else if (channel_peer(c)->role == ROLE_STORE && serve.limits >= 0)
		send_limits(c);
	else if (channel_peer(c)->role & ROLE_SESSIONS)
		send_mechanisms(c);
}

void
serve_prepare(void)
{
	scheme_prepare();
}

void
serve_begin(void)
{
	struct str dir = { 0 };
	struct why w;

	str_addf(&dir, "%s/index/auth", service_settings()->state_dir);
	serve.users = users_open(dir.p, &w);
	if (serve.users == NULL)
		fatal("%s: %s", dir.p, w.text);
	str_adds(&dir, "/salts");
	fake_start(str_c(&dir));
	str_free(&dir);
	claim_start(serve.users);
	set_limits();
	/* Before we are ready, so that nobody has to wait; links follow. */
	refresh_once();
}
