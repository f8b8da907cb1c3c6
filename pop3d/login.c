/* SPDX-License-Identifier: ISC */
/*
 * login - log lines in the grammar that fail2ban and logwatch read
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include <bsd/string.h>

#include "lib/base/log.h"
#include "lib/proc/service.h"
#include "pop3d/login.h"
#include "pop3d/mailbox.h"

/* Our address in this connection. */
static void
local_address(const struct session *s, char *out, size_t size)
{
	struct sockaddr_storage a = { 0 };
	const struct sockaddr_in *v4 = (const void *)&a;
	const struct sockaddr_in6 *v6 = (const void *)&a;
	socklen_t n = sizeof(a);

	strlcpy(out, "local", size);
	if (getsockname(s->stream.fd, (struct sockaddr *)&a, &n) < 0)
		return;
	if (a.ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, out, (socklen_t)size);
	else if (a.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, out, (socklen_t)size);
}

void
login_log(const char *subject, const struct session *s,
    const struct mailbox *m)
{
	char own[64];

	local_address(s, own, sizeof(own));
	log_info(subject, "Login: user=<%s>, method=PLAIN, rip=%s, lip=%s, "
	    "session=<%s>", log_quote(str_view(&m->user)), s->client, own,
	    s->id);
}

void
login_log_end(const char *subject, const struct session *s,
    const char *reason, unsigned tries)
{
	char own[64];

	local_address(s, own, sizeof(own));
	if (tries > 0)
		log_info(subject,
		    "Disconnected: %s (auth failed, %u attempts): "
		    "user=<>, method=PLAIN, rip=%s, lip=%s, session=<%s>",
		    reason, tries, s->client, own, s->id);
	else
		log_info(subject, "Disconnected: %s (no auth attempts): "
		    "user=<>, rip=%s, lip=%s, session=<%s>",
		    reason, s->client, own, s->id);
}
