/* SPDX-License-Identifier: ISC */
/*
 * arrival - naming, believing, counting
 *
 * The lines about limits are those of Postfix's anvil, which log readers know.
 * A flood of them would be a second attack, so there are only LINES_MOST in a
 * second; the next line tells how many were left out.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <bsd/string.h>

#include "lib/base/log.h"
#include "lib/proc/arrival.h"
#include "lib/proc/proxy.h"

#define LINES_MOST	10

void
arrival_name(struct session *s, int fd)
{
	struct address16 a;
	struct ucred cred;
	socklen_t n = sizeof(cred);

	s->uid = UINT32_MAX;
	s->port = 0;
	if (address16_of(&s->address, &a)) {
		address16_text(&a, s->client);
		s->port = address16_port(&s->address);
	} else {
		strlcpy(s->client, "local", sizeof(s->client));
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0)
			s->uid = cred.uid;
	}
}

/* May another line be logged now? */
static bool
may_log(void)
{
	static int64_t second;
	static unsigned lines, hidden;
	int64_t now = clock_ms() / 1000;

	if (now != second) {
		if (hidden > 0)
			log_warning("sessions", "%u more clients were turned "
			    "away", hidden);
		second = now;
		lines = hidden = 0;
	}
	if (++lines <= LINES_MOST)
		return true;
	hidden++;
	return false;
}

/* ---- limits ---- */

static void
log_limit(const struct session *s, enum crowd_verdict v)
{
	const struct listener_settings *l = s->listener->settings;
	static const char *const what[] = {
		[CROWD_CLIENT] = "Connection concurrency limit",
		[CROWD_NETWORK] = "Connection concurrency limit of a network",
		[CROWD_RATE] = "Connection rate limit",
	};
	uint64_t most = v == CROWD_CLIENT ? l->sessions_per_client :
	    v == CROWD_NETWORK		  ? l->sessions_per_network :
					    l->session_rate;

	if (may_log())
		log_warning(NULL, "%s exceeded: %llu from unknown[%s] for "
		    "service %s", what[v], (unsigned long long)most + 1,
		    s->client, l->name);
}

bool
arrival_count(struct session *s)
{
	const struct listener_settings *l = s->listener->settings;
	struct crowd_limits most = { l->sessions_per_client,
		l->sessions_per_network, l->session_rate };
	struct address16 a;
	enum crowd_verdict v;

	if (!address16_of(&s->address, &a))
		return true;
	v = crowd_enter(&s->spot, &a, &most, clock_ms());
	if (v != CROWD_FINE)
		log_limit(s, v);
	return v == CROWD_FINE;
}

void
arrival_refused(const struct session *s)
{
	if (may_log())
		log_warning(NULL, "Connection refused: all %llu sessions are "
		    "in use, from unknown[%s] for service %s",
		    (unsigned long long)s->listener->settings->sessions,
		    s->client, s->listener->settings->name);
}

/* ---- proxies ---- */

bool
session_is_believed(const struct session *s)
{
	const struct networks *list = &service_settings()->proxy_clients;
	struct address16 a;

	if (s->unnamed || !address16_of(&s->address, &a))
		return false;
	for (size_t i = 0; i < list->words.n; i++)
		if (network_has(&list->network[i], &a))
			return true;
	return false;
}

bool
session_speaks_for(struct session *s, const struct address16 *client,
    uint16_t port)
{
	crowd_leave(&s->spot);
	address16_sockaddr(client, port, &s->address);
	arrival_name(s, s->stream.fd);
	return arrival_count(s);
}

static bool
turned_away(const struct session *s, const char *reason)
{
	if (may_log())
		log_warning(NULL, "PROXY protocol from unknown[%s] for service "
		    "%s: %s", s->client, s->listener->settings->name, reason);
	return false;
}

bool
arrival_proxy(struct session *s, bool *busy)
{
	struct proxy p;

	*busy = false;
	if (!session_is_believed(s))
		return turned_away(s, "not in proxy_clients");
	switch (proxy_read(&s->stream,
	    deadline_in(service_settings()->handshake_timeout * 1000), &p)) {
	case PROXY_MORE:
		return turned_away(s, "no whole preamble came");
	case PROXY_BAD:
		return turned_away(s, "there is no preamble");
	case PROXY_LOCAL:
		s->unnamed = true;
		*busy = !arrival_count(s);
		break;
	case PROXY_CLIENT:
		*busy = !session_speaks_for(s, &p.address, p.port);
		break;
	}
	return !*busy;
}
