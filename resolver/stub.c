/* SPDX-License-Identifier: ISC */
/*
 * stub - a fiber for each question: UDP, again, and TCP when the answer is long
 *
 * Every try has a socket of its own, connected, with a port that the kernel
 * chose and a number that getrandom() chose; what does not fit is passed over.
 */
#include <sys/random.h>
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/proc/fiber.h"
#include "resolver/stub.h"

#define TRY_MS		2000
#define ROUNDS		3	/* through all servers */

struct ask {
	struct server server[SERVERS_MOST];
	size_t servers;
	struct question question;
	int64_t deadline;
	answered *fn;
	void *arg;
	struct arena arena;
	uint16_t id;
	struct str query;
	char octets[PACKET_MAX];
	struct packet packet;
	struct dns_answer answer;
};

struct line {
	int fd;
	struct waiter_fd *watch;
	int64_t deadline;
};

static void
line_close(struct line *l)
{
	if (l->watch != NULL)
		fd_unwatch(&l->watch);
	if (l->fd >= 0)
		close(l->fd);
}

/* A socket that is, or will be, connected to the server. */
static bool
line_open(const struct server *server, int kind, int64_t deadline,
    struct line *l)
{
	struct sockaddr_storage to;
	socklen_t n;

	address16_sockaddr(&server->address, server->port, &to);
	n = to.ss_family == AF_INET ? sizeof(struct sockaddr_in) :
	    sizeof(struct sockaddr_in6);
	*l = (struct line){ .deadline = deadline };
	l->fd = socket(to.ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return false;
	if (connect(l->fd, (struct sockaddr *)&to, n) < 0 &&
	    errno != EINPROGRESS)
		return false;
	l->watch = fd_watch(l->fd);
	return true;
}

/* What is no answer to this question leaves the one of before as it is. */
static bool
take_answer(struct ask *a, size_t n)
{
	struct dns_answer answer;
	struct packet packet;

	if (!packet_read(view_bytes(a->octets, n), &a->question, &a->arena,
		&packet, &answer) || packet.id != a->id)
		return false;
	a->packet = packet;
	a->answer = answer;
	return true;
}

/* ---- UDP ---- */

static bool
try_udp(struct ask *a, const struct server *server, int64_t deadline)
{
	struct line l;
	bool answered_it = false;
	ssize_t n;

	if (!line_open(server, SOCK_DGRAM, deadline, &l) ||
	    send(l.fd, a->query.p, a->query.n, 0) < 0)
		goto out;
	while (!answered_it) {
		n = recv(l.fd, a->octets, sizeof(a->octets), 0);
		if (n < 0 && errno == EAGAIN) {
			if (fd_wait_read(l.watch, l.deadline) != WAIT_READY)
				break;
			continue;
		}
		if (n < 0)
			break;
		answered_it = take_answer(a, (size_t)n);
	}
out:
	line_close(&l);
	return answered_it;
}

/* ---- TCP ---- */

static bool
send_all(struct line *l, struct view v)
{
	while (v.n > 0) {
		ssize_t n = send(l->fd, v.p, v.n, MSG_NOSIGNAL);

		if (n >= 0)
			v = view_skip(v, (size_t)n);
		else if (errno != EAGAIN ||
		    fd_wait_write(l->watch, l->deadline) != WAIT_READY)
			return false;
	}
	return true;
}

static bool
receive_all(struct line *l, char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = recv(l->fd, p, n, 0);

		if (got > 0) {
			p += got;
			n -= (size_t)got;
		} else if (got == 0 || errno != EAGAIN ||
		    fd_wait_read(l->watch, l->deadline) != WAIT_READY) {
			return false;
		}
	}
	return true;
}

static bool
try_tcp(struct ask *a, const struct server *server, int64_t deadline)
{
	unsigned char head[2] = { (unsigned char)(a->query.n >> 8),
		(unsigned char)a->query.n };
	struct line l;
	size_t n;
	bool fine = line_open(server, SOCK_STREAM, deadline, &l) &&
	    fd_wait_write(l.watch, deadline) == WAIT_READY &&
	    send_all(&l, view_bytes(head, 2)) &&
	    send_all(&l, str_view(&a->query)) &&
	    receive_all(&l, (char *)head, 2);

	n = (size_t)head[0] << 8 | head[1];
	fine = fine && receive_all(&l, a->octets, n);
	line_close(&l);
	return fine && take_answer(a, n) && !a->packet.cut;
}

/* ---- one question ---- */

static bool
try_server(struct ask *a, const struct server *server)
{
	int64_t deadline = deadline_in(TRY_MS);

	if (deadline > a->deadline)
		deadline = a->deadline;
	must(getrandom(&a->id, sizeof(a->id), 0) == sizeof(a->id));
	str_reset(&a->query);
	packet_put(&a->question, a->id, &a->query);
	return try_udp(a, server, deadline) &&
	    (!a->packet.cut || try_tcp(a, server, deadline));
}

/* An answer that is a refusal counts when nobody has a better one. */
static bool
try_all(struct ask *a)
{
	bool refused = false;

	for (size_t i = 0; i < ROUNDS * a->servers; i++) {
		if (clock_ms() >= a->deadline)
			break;
		if (!try_server(a, &a->server[i % a->servers]))
			continue;
		if (a->answer.result != DNS_FAILED)
			return true;
		refused = true;
		if (i + 1 >= a->servers)
			break;
	}
	return refused;
}

static void
run(void *arg)
{
	struct ask *a = arg;

	if (!try_all(a))
		a->answer = (struct dns_answer){ .result = DNS_FAILED,
			.canonical = a->question.name,
			.records = VIEW_NONE,
			.sentence = VIEW_LIT("no name server answers") };
	a->answer.secure = a->answer.result != DNS_FAILED &&
	    a->packet.authentic;
	a->fn(a->arg, &a->answer);
	str_free(&a->query);
	arena_reset(&a->arena);
	free(a);
}

void
stub_ask(const struct sources *s, const struct question *q, int64_t deadline,
    answered *fn, void *arg)
{
	struct ask *a = xcalloc(1, sizeof(*a));

	arena_init(&a->arena);
	memcpy(a->server, s->server, sizeof(a->server));
	a->servers = s->servers;
	a->question.name = arena_view(&a->arena, q->name);
	a->question.type = q->type;
	a->deadline = deadline;
	a->fn = fn;
	a->arg = arg;
	fiber_start(run, a);
}
