/* SPDX-License-Identifier: ISC */
/*
 * house - the real router, queue and auth, by messages
 */
#include <unistd.h>

#include <bsd/string.h>

#include "lib/base/clock.h"
#include "lib/mail/date.h"
#include "lib/proc/service.h"
#include "smtpd/ask.h"
#include "smtpd/dialog.h"

static char system_name[256] = "localhost";

void
house_prepare(void)
{
	if (gethostname(system_name, sizeof(system_name) - 1) < 0 ||
	    system_name[0] == '\0')
		strlcpy(system_name, "localhost", sizeof(system_name));
	/* the time zone file cannot be read later */
	date_local(clock_wall());
}

static const char *
hostname(void)
{
	const char *name = service_settings()->hostname;

	return name != NULL && name[0] != '\0' ? name : system_name;
}

static bool
route(struct dialog *d, struct view recipient, struct view *targets,
    struct why *w)
{
	struct message m = { .type = MSG_route };
	struct reply r;
	bool ok;

	m.route.sender = d->tx.sender;
	m.route.recipient = recipient;
	m.route.client = view_of(d->ip);
	m.route.login = view_of(d->login);
	m.route.trusted = d->trusted;
	if (!ask_twice(ROLE_ROUTER, &m, &r, w))
		return false;
	ok = r.m.type == MSG_routed;
	if (!ok) {
		if (reply_is(&r, MSG_routed, w))
			why_later(w, "3.0", "No answer by the router");
	} else {
		const struct msg_routed *to = &r.m.routed;

		ok = to->verdict == VERDICT_DONE;
		why_set(w, ok || to->verdict == VERDICT_NEVER ? to->verdict :
		    VERDICT_LATER, to->status, to->sentence);
		*targets = arena_view(&d->tx.arena, to->targets);
	}
	reply_free(&r);
	return ok;
}

static bool
login(struct dialog *d, struct view user, struct view password, struct why *w)
{
	struct message m = { .type = MSG_login };
	struct reply r;
	bool ok;

	m.login.session = d->number;
	m.login.service = VIEW_LIT("smtp");
	m.login.user = user;
	m.login.password = password;
	m.login.client = view_of(d->ip);
	if (!service_call(ROLE_AUTH, 0, &m, &r, w))
		return false;
	ok = reply_is(&r, MSG_logged_in, w);
	if (ok)
		d->login = arena_copy(&d->own, r.m.logged_in.user);
	reply_free(&r);
	return ok;
}

const struct house house_real = {
	.settings = service_settings,
	.hostname = hostname,
	.route = route,
	.mail_begin = intake_begin,
	.mail_ready = intake_ready,
	.mail_commit = intake_commit,
	.mail_drop = intake_drop,
	.login = login,
};
