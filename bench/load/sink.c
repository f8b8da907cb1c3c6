/* SPDX-License-Identifier: ISC */
/*
 * sink - a host that takes all mail and keeps none, on 127.0.1.1 and the next ones
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/load.h"

#define FIRST_ADDRESS	0x7f000101

static struct {
	pthread_mutex_t lock;
	long count;
	double first, last;
} sunk = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void count_one(void)
{
	pthread_mutex_lock(&sunk.lock);
	sunk.last = now();
	if (sunk.count++ == 0)
		sunk.first = sunk.last;
	pthread_mutex_unlock(&sunk.lock);
}

struct answers {
	size_t len;
	char text[4096];
};

static void answer(struct answers *a, const char *line)
{
	size_t len = strlen(line);

	memcpy(a->text + a->len, line, len);
	a->len += len;
}

/* Answers wait until all that has come is read, and then for the delay: as over
 * a line with that time for a round trip. */
static void send_answers(struct conn *c, struct answers *a)
{
	if (a->len == 0)
		return;
	if (o.delay > 0)
		usleep((useconds_t)o.delay * 1000);
	conn_put(c, a->text, a->len);
	a->len = 0;
}

static bool is(const struct conn *c, const char *verb)
{
	return strncasecmp(c->line, verb, 4) == 0;
}

static void serve(struct conn *c, struct answers *a)
{
	bool in_data = false;

	answer(a, "220 sink ESMTP\r\n");
	for (;;) {
		if (c->pos == c->len || a->len > sizeof(a->text) / 2)
			send_answers(c, a);
		if (conn_line(c) < 0)
			return;
		if (in_data) {
			if (strcmp(c->line, ".") != 0)
				continue;
			in_data = false;
			answer(a, "250 2.0.0 ok\r\n");
			send_answers(c, a);
			count_one();
		} else if (is(c, "EHLO")) {
			answer(a, "250-sink\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n"
			    "250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n");
		} else if (is(c, "DATA")) {
			in_data = true;
			answer(a, "354 go\r\n");
			send_answers(c, a);
		} else if (is(c, "QUIT")) {
			answer(a, "221 bye\r\n");
			send_answers(c, a);
			return;
		} else {
			answer(a, o.refuse && is(c, "RCPT") ? "450 4.2.0 try later\r\n" :
			    "250 2.0.0 ok\r\n");
		}
	}
}

static void *serve_one(void *arg)
{
	struct answers a = { 0 };

	serve(arg, &a);
	conn_close(arg);
	return NULL;
}

static int listen_on(uint32_t address)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)o.port),
		.sin_addr.s_addr = htonl(address) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 || listen(fd, 1024) == -1)
		die("sink: cannot listen");
	return fd;
}

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		struct conn *c = calloc(1, sizeof(*c));
		if (c == NULL)
			die("calloc");
		c->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		threads_begin(serve_one, c);
	}
}

static void *accept_for_ever(void *unused)
{
	nfds_t count = (nfds_t)(o.domains > 0 ? o.domains : 1);
	struct pollfd *p = calloc(count, sizeof(*p));

	(void)unused;
	if (p == NULL)
		die("calloc");
	for (nfds_t i = 0; i < count; i++)
		p[i] = (struct pollfd){ listen_on(FIRST_ADDRESS + (uint32_t)i), POLLIN, 0 };
	puts("ready");
	fflush(stdout);
	for (;;) {
		poll(p, count, -1);
		for (nfds_t i = 0; i < count; i++)
			if (p[i].revents != 0)
				accept_all(p[i].fd);
	}
}

/* Ends when as many messages as jobs have come, or after o.seconds. */
void load_sink(void)
{
	double end = now() + o.seconds;

	threads_begin(accept_for_ever, NULL);
	for (long count = 0; count < o.jobs && now() < end; usleep(2000)) {
		pthread_mutex_lock(&sunk.lock);
		count = sunk.count;
		pthread_mutex_unlock(&sunk.lock);
	}
	printf("sunk=%ld first=%.4f last=%.4f\n", sunk.count, sunk.first, sunk.last);
}
