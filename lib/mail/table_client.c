/* SPDX-License-Identifier: ISC */
/*
 * table_client - connect, ask, collect the answer
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/mail/table_client.h"
#include "lib/proc/settings_address.h"

static const char *
address_of(const struct table_socket *t, struct sockaddr_storage *to,
    socklen_t *length)
{
	if (settings_address_any(t->address) ||
	    settings_address(t->address, to, length) != NULL)
		return "Must have a numeric address, [IPv6] or localhost as its "
		       "host, and a port; or a path of at most 107 octets";
	return NULL;
}

const char *
table_client_check(const struct table_socket *t)
{
	struct sockaddr_storage to;
	socklen_t length;

	return address_of(t, &to, &length);
}

int
table_client_connect(const struct table_socket *t)
{
	struct sockaddr_storage to;
	socklen_t length;
	int fd, error;

	if (address_of(t, &to, &length) != NULL) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, length) != 0 &&
	    errno != EINPROGRESS) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

bool
table_client_ready(struct stream *s, struct str *text, int64_t deadline)
{
	enum wait w = fd_wait_write(s->watch, deadline);
	socklen_t n = sizeof(int);
	int error = 0;

	str_reset(text);
	if (w == WAIT_READY &&
	    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 &&
	    error == 0)
		return true;
	str_adds(text, error != 0 ? strerror(error) : "no connection in time");
	return false;
}

/* Why a connection has come to nothing. */
static enum table_said
broken(enum stream_end end, bool some, struct str *text)
{
	str_reset(text);
	str_adds(text, end == STREAM_TIMEOUT ? "no answer in time" :
	    some ? "it has closed the connection in the middle" :
		   "it has closed the connection");
	return end == STREAM_TIMEOUT || some ? TABLE_SAID_WRONG :
					       TABLE_SAID_PART;
}

static enum table_said
collect(struct stream *s, const struct table_socket *t, struct str *got,
    struct str *text, int64_t deadline)
{
	enum table_said said = TABLE_SAID_PART;
	enum stream_end end;
	struct view more;
	size_t used = 0;

	while (said == TABLE_SAID_PART) {
		end = stream_peek(s, &more, deadline);
		if (end != STREAM_OK)
			return broken(end, got->n > 0, text);
		str_add(got, more);
		stream_skip(s, more.n);
		said = table_socket_read(t->protocol, str_view(got), &used,
		    text);
	}
	if (said == TABLE_SAID_WRONG || used < got->n) {
		str_reset(text);
		str_adds(text, "it has said what is no answer");
		said = TABLE_SAID_WRONG;
	}
	return said;
}

enum table_said
table_client_ask(struct stream *s, const struct table_socket *t,
    struct view key, struct str *text, int64_t deadline)
{
	struct str question = { 0 }, got = { 0 };
	int64_t left = deadline - clock_ms();
	enum table_said said;

	str_reset(text);
	table_socket_ask(t, key, &question);
	s->write_deadline_ms = left > 0 ? left : 0;
	if (!stream_write(s, str_view(&question)) || !stream_flush(s))
		said = broken(clock_ms() >= deadline ? STREAM_TIMEOUT :
						       STREAM_EOF, false, text);
	else
		said = collect(s, t, &got, text, deadline);
	str_free(&question);
	str_free(&got);
	return said;
}
