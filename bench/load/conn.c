/* SPDX-License-Identifier: ISC */
/*
 * conn - a connection that blocks: lines in, octets out, in TLS or not
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/load/load.h"

static int dial(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, o.host, &a.sin_addr) != 1 || ntohl(a.sin_addr.s_addr) >> 24 != 127) {
		fprintf(stderr, "load: %s is not 127.x.y.z\n", o.host);
		exit(EX_USAGE);
	}
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	struct timeval patience = { 120, 0 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return fd;
}

struct conn *conn_open(int port)
{
	int fd = dial(port);
	if (fd == -1)
		return NULL;
	struct conn *c = malloc(sizeof(*c));
	if (c == NULL)
		die("malloc");
	c->fd = fd;
	c->ssl = NULL;
	c->pos = c->len = 0;
	c->line[0] = '\0';
	return c;
}

void conn_close(struct conn *c)
{
	if (c == NULL)
		return;
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

static bool fill(struct conn *c)
{
	ssize_t n = c->ssl != NULL ? SSL_read(c->ssl, c->buf, sizeof(c->buf)) :
	    read(c->fd, c->buf, sizeof(c->buf));
	c->pos = 0;
	c->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

int conn_line(struct conn *c)
{
	size_t n = 0;

	for (;;) {
		if (c->pos == c->len && !fill(c))
			return -1;
		char *start = c->buf + c->pos;
		char *end = memchr(start, '\n', c->len - c->pos);
		size_t part = end != NULL ? (size_t)(end - start) : c->len - c->pos;
		size_t room = sizeof(c->line) - 1 - n, kept = part < room ? part : room;

		memcpy(c->line + n, start, kept);
		n += kept;
		c->pos += part + (end != NULL);
		if (end == NULL)
			continue;
		if (n > 0 && c->line[n - 1] == '\r')
			n--;
		c->line[n] = '\0';
		return (int)n;
	}
}

bool conn_put(struct conn *c, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = c->ssl != NULL ? SSL_write(c->ssl, p, (int)len) :
		    send(c->fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool conn_say(struct conn *c, const char *format, ...)
{
	char b[2048];
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(b, sizeof(b), format, ap);
	va_end(ap);
	return n > 0 && (size_t)n < sizeof(b) && conn_put(c, b, (size_t)n);
}

bool conn_waits(const struct conn *c, int ms)
{
	return poll(&(struct pollfd){ c->fd, POLLIN, 0 }, 1, ms) == 1;
}
