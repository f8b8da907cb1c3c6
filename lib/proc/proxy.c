/* SPDX-License-Identifier: ISC */
/*
 * proxy - one preamble
 *
 * Version 1 is a line of text, version 2 a header of 16 octets, addresses and
 * TLVs, of which only the checksum concerns a mail server: it is verified when
 * it is there. What is too long, or says something that the specification does
 * not know, is refused: whoever sends it is no proxy.
 */
#include <errno.h>

#include "lib/proc/proxy.h"

#define V1_MAX		107	/* with CR LF */
#define V2_HEAD		16
#define TLV_CRC32C	0x03

static const struct view v1_sign = { "PROXY ", 6 };
static const struct view v2_sign = { "\r\n\r\n\0\r\nQUIT\n", 12 };

/* Does in begin with sign, as far as it goes? */
static bool
may_begin(struct view in, struct view sign)
{
	return view_starts(sign, view_bytes(in.p,
	    in.n < sign.n ? in.n : sign.n));
}

/* ---- version 1 ---- */

static bool
take_port(struct view *line, uint16_t *port)
{
	struct view word = view_cut(line, ' ');
	uint64_t n;

	if (word.n > 5 || !view_u64(word, 65535, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool
take_address(struct view *line, bool v4, struct address16 *a)
{
	struct view word = view_cut(line, ' ');

	if (view_startsi(word, VIEW_LIT("IPv6:")))
		return false;
	/* an IPv4 client may come as one of TCP6, mapped */
	return v4 == (view_find(word, ':') == word.n) &&
	    address16_parse(word, a);
}

/* "TCP4 192.0.2.7 198.51.100.1 56324 25" */
static enum proxy_result
v1_client(struct view line, struct proxy *p)
{
	struct view family = view_cut(&line, ' ');
	bool v4 = view_is(family, "TCP4");
	struct address16 to;
	uint16_t port;

	if (view_is(family, "UNKNOWN"))
		return PROXY_LOCAL;
	if ((!v4 && !view_is(family, "TCP6")) ||
	    !take_address(&line, v4, &p->address) ||
	    !take_address(&line, v4, &to) || !take_port(&line, &p->port) ||
	    line.n == 0 || view_find(line, ' ') < line.n ||
	    !take_port(&line, &port))
		return PROXY_BAD;
	return PROXY_CLIENT;
}

static enum proxy_result
v1(struct view in, struct proxy *p)
{
	size_t end = view_find(in, '\n');

	if (end == in.n)
		return in.n < V1_MAX ? PROXY_MORE : PROXY_BAD;
	if (end >= V1_MAX || in.p[end - 1] != '\r')
		return PROXY_BAD;
	p->length = end + 1;
	return v1_client(view_bytes(in.p + v1_sign.n, end - 1 - v1_sign.n), p);
}

/* ---- version 2 ---- */

static unsigned
octet(struct view v, size_t i)
{
	return (unsigned char)v.p[i];
}

static uint16_t
number16(struct view v, size_t i)
{
	return (uint16_t)(octet(v, i) << 8 | octet(v, i + 1));
}

/* The checksum over all, its own four octets at `at` as zeros. */
static uint32_t
crc32c(struct view v, size_t at)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < v.n; i++) {
		crc ^= i >= at && i < at + 4 ? 0 : octet(v, i);
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

/* From `at` on there are TLVs up to the end. */
static bool
tlvs_fine(struct view all, size_t at)
{
	while (at < all.n) {
		size_t n;

		if (all.n - at < 3)
			return false;
		n = number16(all, at + 1);
		if (n > all.n - at - 3)
			return false;
		if (octet(all, at) == TLV_CRC32C &&
		    (n != 4 || crc32c(all, at + 3) !=
			((uint32_t)number16(all, at + 3) << 16 |
			    number16(all, at + 5))))
			return false;
		at += 3 + n;
	}
	return true;
}

static enum proxy_result
v2_client(struct view all, struct proxy *p)
{
	static const struct {
		unsigned family, size;
	} families[] = { { 0x11, 4 }, { 0x21, 16 } };	/* TCP */
	unsigned family = octet(all, 13);

	for (size_t i = 0; i < nitems(families); i++) {
		unsigned size = families[i].size;
		size_t ports = V2_HEAD + 2 * size;

		if (family != families[i].family)
			continue;
		if (all.n < ports + 4 || !tlvs_fine(all, ports + 4))
			return PROXY_BAD;
		p->address = (struct address16){ .octet = {
			[10] = 0xff, [11] = 0xff } };
		memcpy(p->address.octet + 16 - size, all.p + V2_HEAD, size);
		p->port = number16(all, ports);
		return PROXY_CLIENT;
	}
	/* UNSPEC; UDP and UNIX sockets carry no mail client */
	return family == 0 ? PROXY_LOCAL : PROXY_BAD;
}

static enum proxy_result
v2(struct view in, struct proxy *p)
{
	if (in.n > 12 && octet(in, 12) != 0x20 && octet(in, 12) != 0x21)
		return PROXY_BAD;	/* version, LOCAL or PROXY */
	if (in.n < V2_HEAD)
		return PROXY_MORE;
	p->length = (size_t)V2_HEAD + number16(in, 14);
	if (p->length > PROXY_MAX)
		return PROXY_BAD;
	if (in.n < p->length)
		return PROXY_MORE;
	if (octet(in, 12) == 0x20)
		return PROXY_LOCAL;
	return v2_client(view_bytes(in.p, p->length), p);
}

enum proxy_result
proxy_parse(struct view in, struct proxy *p)
{
	*p = (struct proxy){ 0 };
	if (in.n == 0)
		return PROXY_MORE;
	if (may_begin(in, v1_sign))
		return in.n < v1_sign.n ? PROXY_MORE : v1(in, p);
	if (may_begin(in, v2_sign))
		return v2(in, p);
	return PROXY_BAD;
}

/* ---- from the wire ---- */

/* Look at what is there; it stays in the kernel until all of it is. */
static enum proxy_result
look(struct stream *s, struct proxy *p)
{
	char in[PROXY_MAX];
	ssize_t n;
	enum proxy_result r;

	do
		n = recv(s->fd, in, sizeof(in), MSG_PEEK);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return PROXY_MORE;
	if (n <= 0)
		return PROXY_BAD;
	r = proxy_parse(view_bytes(in, (size_t)n), p);
	if ((r == PROXY_CLIENT || r == PROXY_LOCAL) &&
	    recv(s->fd, in, p->length, 0) != (ssize_t)p->length)
		r = PROXY_BAD;
	return r;
}

enum proxy_result
proxy_read(struct stream *s, int64_t deadline, struct proxy *p)
{
	enum proxy_result r;

	while ((r = look(s, p)) == PROXY_MORE) {
		enum wait w = fd_closed(s->watch) ? WAIT_TIMEOUT :
		    fd_wait_read(s->watch, deadline);

		if (w == WAIT_TIMEOUT || w == WAIT_CANCELLED)
			break;
	}
	return r;
}
