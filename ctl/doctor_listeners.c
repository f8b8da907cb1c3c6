/* SPDX-License-Identifier: ISC */
/*
 * doctor_listeners - go to each listener as a client does
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/output.h"
#include "lib/proc/settings_address.h"

#define SECONDS 10

/* How servers of a protocol begin. */
static const struct greeting {
	const char *protocol, *begins;
} greetings[] = {
	{ "smtp", "220 " },
	{ "submission", "220 " },
	{ "lmtp", "220 " },
	{ "pop3", "+OK" },
	{ "pop2", "+ " },
	{ "imap", "* OK" },
};

static const char *
greeting_of(const char *protocol)
{
	for (size_t i = 0; i < nitems(greetings); i++)
		if (strcmp(protocol, greetings[i].protocol) == 0)
			return greetings[i].begins;
	return "";
}

/* An address of all of the host is reached on loopback. */
static void
to_loopback(struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	if (to->ss_family == AF_INET && v4->sin_addr.s_addr == INADDR_ANY)
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (to->ss_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
		v6->sin6_addr = in6addr_loopback;
}

static int
go_to(const struct doctor *d, const char *address, const char **trouble)
{
	struct timeval limit = { .tv_sec = SECONDS + d->s->greet_wait };
	struct sockaddr_storage to = { 0 };
	socklen_t n;
	int fd;

	*trouble = settings_address(address, &to, &n);
	if (*trouble != NULL)
		return -1;
	to_loopback(&to);
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
		sizeof(limit)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
		sizeof(limit)) == 0 &&
	    connect(fd, (struct sockaddr *)&to, n) == 0)
		return fd;
	*trouble = strerror(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The first line, without its end; false with the reason. */
static bool
read_line(int fd, char *line, size_t size, const char **trouble)
{
	size_t n = 0;
	ssize_t got;

	while (n + 1 < size && memchr(line, '\n', n) == NULL) {
		got = recv(fd, line + n, size - 1 - n, 0);
		if (got <= 0) {
			*trouble = got == 0 ? "it closes the connection" :
			    errno == EAGAIN ? "no greeting comes" :
					      strerror(errno);
			return false;
		}
		n += (size_t)got;
	}
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

/* In a name of its own each server of ours greets with it. */
static bool
is_ours(const struct doctor *d, const struct listener_settings *l,
    const char *line)
{
	return view_starts(view_of(line), view_of(greeting_of(l->protocol))) &&
	    (line[0] != '2' || strstr(line, d->s->hostname) != NULL);
}

static void
look_at(struct doctor *d, const struct listener_settings *l)
{
	bool silent = listener_tls(d->s, l) == LISTENER_IMPLICIT || l->proxy;
	const char *trouble = NULL;
	char line[600] = "";
	int fd = go_to(d, l->address, &trouble);

	if (fd < 0 ||
	    (!silent && !read_line(fd, line, sizeof(line), &trouble)))
		doctor_find(d, SEVERITY_CRITICAL, "listener.silent",
		    "look into the log; \"posthouse status\" tells which "
		    "programs run", "%s at %s: %s", l->name, l->address,
		    trouble);
	else if (!silent && !is_ours(d, l, line))
		doctor_find(d, SEVERITY_CRITICAL, "listener.other",
		    "see who listens there (ss -ltnp), and stop it",
		    "%s at %s is not this server: %s", l->name, l->address,
		    output_clean(view_of(line)));
	else
		doctor_find(d, SEVERITY_FINE, "listener.silent", NULL,
		    "%s at %s answers", l->name, l->address);
	if (fd >= 0)
		close(fd);
}

void
doctor_listeners(struct doctor *d)
{
	if (!d->running) {
		doctor_find(d, SEVERITY_CRITICAL, "server.down",
		    "start it: systemctl start posthouse, or posthouse start",
		    "no server runs with %s", d->ctl->file);
		return;
	}
	for (size_t i = 0; i < d->s->listener_count; i++)
		look_at(d, &d->s->listener[i]);
}
