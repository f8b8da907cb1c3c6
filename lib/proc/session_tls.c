/* SPDX-License-Identifier: ISC */
/*
 * session_tls - when, for how long, and what is logged
 */
#include "lib/base/log.h"
#include "lib/proc/session_tls.h"

#define WAIT_MS		10000	/* for the first certificate */

static const struct program_tls *tls;

void
session_tls_use(const struct program_tls *table)
{
	tls = table;
}

static enum listener_tls
kind(const struct listener_settings *l)
{
	return tls != NULL ? listener_tls(service_settings(), l) :
			     LISTENER_CLEAR;
}

void
session_tls_ready(const struct listener_settings *l)
{
	if (kind(l) != LISTENER_CLEAR)
		tls->wait(deadline_in(WAIT_MS));
}

bool
session_tls_offered(const struct session *s)
{
	return kind(s->listener->settings) == LISTENER_STARTTLS &&
	    tls->info(&s->stream) == NULL && tls->wait(0);
}

/* The protocols that share tickets. */
static const char *
service_of(const struct session *s)
{
	static const char *const names[][2] = {
		{ "imap", "imap" },
		{ "pop3", "pop3" },
		{ "pop2", "pop2" },
	};

	for (size_t i = 0; i < nitems(names); i++)
		if (strcmp(s->listener->settings->protocol, names[i][0]) == 0)
			return names[i][1];
	return "smtp";
}

static void
log_success(const struct session *s)
{
	const struct tls_info *i = tls->info(&s->stream);
	const char *client = i->verified ? "Trusted" :
	    i->fingerprint[0] != '\0'	 ? "Untrusted" :
					   "Anonymous";

	log_info(s->id, "%s TLS connection %s from unknown[%s]: %s with cipher "
	    "%s (%u/%u bits)", client,
	    i->resumed ? "resumed" : "established", s->client, i->version,
	    i->cipher, i->bits, i->bits);
}

static bool
change(struct session *s, int64_t deadline, struct why *w)
{
	int64_t most = deadline_in(service_settings()->handshake_timeout * 1000);

	if (tls->begin(&s->stream, service_of(s),
		deadline < most ? deadline : most, w)) {
		log_success(s);
		return true;
	}
	log_info(s->id, "SSL_accept error from unknown[%s]: %s", s->client,
	    w->text);
	return false;
}

bool
session_tls_start(struct session *s, int64_t deadline, struct why *w)
{
	if (!stream_flush(&s->stream))
		return why_later(w, "4.2", "lost connection");
	stream_discard(&s->stream);
	return change(s, deadline, w);
}

bool
session_tls_implicit(struct session *s)
{
	struct why w;

	return kind(s->listener->settings) != LISTENER_IMPLICIT ||
	    change(s, DEADLINE_NEVER, &w);
}
