/* SPDX-License-Identifier: ISC */
/*
 * house - the real router, queue and auth, by messages; the connection
 */
#include <unistd.h>

#include <bsd/string.h>

#include "lib/base/clock.h"
#include "lib/mail/date.h"
#include "lib/proc/session_tls.h"
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
route(struct dialog *d, struct view recipient, struct routing *to,
    struct why *w)
{
	struct message m = { .type = MSG_route };
	struct reply r;
	bool ok;

	m.route.sender = d->tx.sender;
	m.route.recipient = recipient;
	m.route.client = view_of(d->ip);
	m.route.login = view_of(d->login);
	m.route.helo = view_of(d->helo);
	m.route.trusted = d->trusted;
	/* programs on this host give their mail once */
	m.route.room = !d->trusted || d->protocol == PROTOCOL_LMTP;
	if (!ask_twice(ROLE_ROUTER, &m, &r, w))
		return false;
	ok = r.m.type == MSG_routed;
	if (!ok) {
		if (reply_is(&r, MSG_routed, w))
			why_later(w, "3.0", "No answer by the router");
	} else {
		const struct msg_routed *said = &r.m.routed;

		ok = said->verdict == VERDICT_DONE;
		why_set(w, ok || said->verdict == VERDICT_NEVER ?
		    said->verdict : VERDICT_LATER, said->status,
		    said->sentence);
		to->targets = arena_view(&d->tx.arena, said->targets);
		to->copies = arena_view(&d->tx.arena, said->copies);
		to->hold = said->hold;
		to->discard = said->discard;
	}
	reply_free(&r);
	return ok;
}

static bool
may_send(struct dialog *d, struct view sender, struct why *w)
{
	struct message m = { .type = MSG_may_send };
	struct reply r;
	bool ok;

	m.may_send.login = view_of(d->login);
	m.may_send.sender = sender;
	m.may_send.client = view_of(d->ip);
	if (!ask_twice(ROLE_ROUTER, &m, &r, w))
		return false;
	ok = reply_is(&r, MSG_answer, w);
	reply_free(&r);
	return ok;
}

static bool
expand(struct dialog *d, struct view name, bool list, struct view *addresses,
    struct why *w)
{
	struct message m = { .type = MSG_expand };
	struct reply r;
	bool ok;

	m.expand.name = name;
	m.expand.list = list;
	if (!ask_twice(ROLE_ROUTER, &m, &r, w))
		return false;
	ok = reply_is(&r, MSG_expanded, w);
	if (ok)
		*addresses = arena_view(&d->command, r.m.expanded.addresses);
	reply_free(&r);
	return ok;
}

static bool
try_domain(struct dialog *d, struct view domain, uint32_t *mails,
    struct why *w)
{
	struct message m = { .type = MSG_queue_domain };
	struct reply r;
	bool ok;

	(void)d;
	m.queue_domain.domain = domain;
	if (!ask_twice(ROLE_QUEUE, &m, &r, w))
		return false;
	ok = reply_is(&r, MSG_queue_domain_tried, w);
	if (ok)
		*mails = r.m.queue_domain_tried.mails;
	reply_free(&r);
	return ok;
}

/* ---- the connection ---- */

static bool
tls_allowed(const struct dialog *d)
{
	return strcmp(d->session->listener->settings->tls, "none") != 0;
}

static bool
tls_is_ready(const struct dialog *d)
{
	return session_tls_offered(d->session);
}

static void
offer(const struct dialog *d, struct str *out)
{
	sasl_offer(d->session, " ", out);
}

static enum sasl_result
judged(struct dialog *d, enum sasl_result result)
{
	d->session->settled |= result == SASL_DONE;
	return result;
}

static enum sasl_result
begin(struct dialog *d, struct view mechanism, const struct view *initial,
    struct why *w)
{
	return judged(d, sasl_begin(&d->sasl, d->session, "smtp", mechanism,
	    initial, w));
}

static enum sasl_result
answer(struct dialog *d, struct view response, struct why *w)
{
	return judged(d, sasl_answer(&d->sasl, response, w));
}

static void
end(struct dialog *d)
{
	sasl_end(&d->sasl);
}

static bool
speaks_for(struct dialog *d, const struct address16 *client, uint16_t port)
{
	return session_speaks_for(d->session, client, port);
}

const struct house house_real = {
	.settings = service_settings,
	.hostname = hostname,
	.route = route,
	.may_send = may_send,
	.expand = expand,
	.try_domain = try_domain,
	.mail_begin = intake_begin,
	.mail_ready = intake_ready,
	.mail_file = intake_file,
	.mail_commit = intake_commit,
	.mail_drop = intake_drop,
	.tls_allowed = tls_allowed,
	.tls_ready = tls_is_ready,
	.sasl_offer = offer,
	.sasl_begin = begin,
	.sasl_answer = answer,
	.sasl_end = end,
	.speaks_for = speaks_for,
};
