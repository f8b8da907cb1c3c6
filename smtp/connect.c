/* SPDX-License-Identifier: ISC */
/*
 * connect - sockets, where they come from and where they go
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/proc/service.h"
#include "smtp/connect.h"

/* The next of source_addresses that is of the same family. */
static bool
source_in_turn(bool v4, struct address16 *source)
{
	static size_t turn;
	const setting_words *all = &service_settings()->source_addresses;

	for (size_t i = 0; i < all->n; i++)
		if (address16_parse(all->word[turn++ % all->n], source) &&
		    address16_is_v4(source) == v4)
			return true;
	return false;
}

static bool
source_of(const struct client_target *t, struct address16 *source)
{
	bool v4 = address16_is_v4(t->address);

	if (t->hop->source.n > 0)
		return address16_parse(t->hop->source, source) &&
		    address16_is_v4(source) == v4;
	return source_in_turn(v4, source);
}

static socklen_t
length_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
					 sizeof(struct sockaddr_in6);
}

static bool
bind_source(int fd, const struct client_target *t)
{
	struct sockaddr_storage from;
	struct address16 source;
	int one = 1;

	if (!source_of(t, &source))
		return t->hop->source.n == 0;
	/* without this every connection would use up a port of the address,
	 * wherever it goes */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	address16_sockaddr(&source, 0, &from);
	return bind(fd, (struct sockaddr *)&from, length_of(&from)) == 0;
}

/* The result of a connect that could not be had at once. */
static int
finish(struct stream *s)
{
	int64_t deadline = deadline_in(
	    service_settings()->connect_timeout * 1000);
	int error = 0;
	socklen_t n = sizeof(error);

	switch (fd_wait_write(s->watch, deadline)) {
	case WAIT_TIMEOUT:
		return ETIMEDOUT;
	case WAIT_CANCELLED:
		return ECANCELED;
	default:
		break;
	}
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		return errno;
	return error;
}

/* Takes fd. The number of what was wrong, 0 for nothing. */
static int
connect_fd(struct stream *s, int fd, const struct sockaddr *to, socklen_t n)
{
	int error = 0;

	if (connect(fd, to, n) < 0)
		error = errno;
	if (error != 0 && error != EINPROGRESS) {
		close(fd);
		return error;
	}
	stream_open(s, fd);
	if (error == 0 || (error = finish(s)) == 0)
		return 0;
	stream_close(s);
	return error;
}

/* What the sender can do nothing about: later, for each of them. */
static bool
refused(struct outcome *o, const char *host, int port, int error)
{
	if (port == 0)
		return outcome_later(o, "4.1", "connect to %s: %s", host,
		    strerror(error));
	return outcome_later(o, "4.1", "connect to %s:%d: %s", host, port,
	    strerror(error));
}

bool
connect_address(struct stream *s, const struct client_target *t,
    const char *host, struct outcome *o)
{
	struct sockaddr_storage to;
	int fd, error, one = 1;

	address16_sockaddr(t->address, t->port, &to);
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0)
		return outcome_later(o, "3.0", "cannot make a socket: %s",
		    strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!bind_source(fd, t)) {
		error = errno;
		close(fd);
		return outcome_later(o, "3.0", "cannot send from the source "
		    "address to %s: %s", host, strerror(error));
	}
	error = connect_fd(s, fd, (struct sockaddr *)&to, length_of(&to));
	return error == 0 || refused(o, host, t->port, error);
}

bool
connect_unix(struct stream *s, const struct client_target *t,
    struct outcome *o)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path;
	int fd, error;

	if (t->hop->host.n >= sizeof(to.sun_path))
		return outcome_never(o, "3.5", "the path of the socket is too "
		    "long");
	memcpy(to.sun_path, t->hop->host.p, t->hop->host.n);
	path = to.sun_path;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return outcome_later(o, "3.0", "cannot make a socket: %s",
		    strerror(errno));
	error = connect_fd(s, fd, (struct sockaddr *)&to, sizeof(to));
	return error == 0 || refused(o, path, 0, error);
}
