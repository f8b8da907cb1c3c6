/* SPDX-License-Identifier: ISC */
/*
 * tls_report - one message, with the addresses of both ends
 */
#include <sys/socket.h>

#include "lib/mail/tell.h"
#include "lib/proc/network.h"
#include "lib/proc/service.h"
#include "smtp/tls_report.h"

typedef int end_fn(int, struct sockaddr *, socklen_t *);

static struct view
address_of(const struct stream *s, end_fn *end, char text[ADDRESS16_TEXT])
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);
	struct address16 address;

	if (s == NULL || end(s->fd, (struct sockaddr *)&a, &n) < 0 ||
	    !address16_of(&a, &address))
		return VIEW_NONE;
	address16_text(&address, text);
	return view_of(text);
}

static int
own_end(int fd, struct sockaddr *a, socklen_t *n)
{
	return getsockname(fd, a, n);
}

static int
far_end(int fd, struct sockaddr *a, socklen_t *n)
{
	return getpeername(fd, a, n);
}

void
tls_report_send(const struct tls_report *r)
{
	struct channel *c = service_peer(ROLE_HISTORY, 0);
	char from[ADDRESS16_TEXT], to[ADDRESS16_TEXT];
	struct message m = { .type = MSG_tls_result,
		.tls_result = { .policy = view_of(r->policy),
		    .domain = r->domain, .strings = r->strings,
		    .result = view_of(r->result), .mx = r->mx,
		    .reason = view_of(r->reason) } };

	if (c == NULL || r->domain.n == 0 ||
	    channel_backlog(c) > TELL_BACKLOG)
		return;
	m.tls_result.from_ip = address_of(r->stream, own_end, from);
	m.tls_result.to_ip = address_of(r->stream, far_end, to);
	channel_send(c, &m);
}
