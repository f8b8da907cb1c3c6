/* SPDX-License-Identifier: ISC */
/*
 * network - reading, comparing and cutting addresses
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "lib/proc/network.h"

#define V4_BITS	96	/* of the prefix ::ffff:0:0 */

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

bool
address16_is_v4(const struct address16 *a)
{
	return memcmp(a->octet, mapped, sizeof(mapped)) == 0;
}

static void
put_v4(struct address16 *a, const void *four)
{
	memcpy(a->octet, mapped, sizeof(mapped));
	memcpy(a->octet + sizeof(mapped), four, 4);
}

bool
address16_of(const struct sockaddr_storage *from, struct address16 *a)
{
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;

	if (from->ss_family == AF_INET)
		put_v4(a, &v4->sin_addr);
	else if (from->ss_family == AF_INET6)
		memcpy(a->octet, &v6->sin6_addr, sizeof(a->octet));
	else
		return false;
	return true;
}

uint16_t
address16_port(const struct sockaddr_storage *from)
{
	return ntohs(from->ss_family == AF_INET ?
	    ((const struct sockaddr_in *)from)->sin_port :
	    ((const struct sockaddr_in6 *)from)->sin6_port);
}

bool
address16_parse(struct view text, struct address16 *a)
{
	char name[INET6_ADDRSTRLEN];
	unsigned char four[4];

	if (view_startsi(text, VIEW_LIT("IPv6:")))
		text = view_skip(text, 5);
	if (text.n >= sizeof(name) || memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = '\0';
	if (inet_pton(AF_INET, name, four) == 1) {
		put_v4(a, four);
		return true;
	}
	return inet_pton(AF_INET6, name, a->octet) == 1;
}

bool
address16_parse_port(struct view text, struct address16 *a, uint16_t *port)
{
	size_t at = view_find(text, '@');
	uint64_t number = *port;

	if (at < text.n && !view_u64(view_skip(text, at + 1), 65535, &number))
		return false;
	*port = (uint16_t)number;
	return number > 0 && address16_parse(view_bytes(text.p, at), a);
}

bool
address16_is_loopback(const struct address16 *a)
{
	static const struct address16 one = { .octet = { [15] = 1 } };

	return address16_is_v4(a) ? a->octet[sizeof(mapped)] == 127 :
	    memcmp(a, &one, sizeof(one)) == 0;
}

void
address16_text(const struct address16 *a, char out[ADDRESS16_TEXT])
{
	bool v4 = address16_is_v4(a);

	inet_ntop(v4 ? AF_INET : AF_INET6,
	    a->octet + (v4 ? sizeof(mapped) : 0), out, ADDRESS16_TEXT);
}

void
address16_sockaddr(const struct address16 *a, uint16_t port,
    struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (void *)to;
	struct sockaddr_in6 *v6 = (void *)to;

	*to = (struct sockaddr_storage){ 0 };
	if (address16_is_v4(a)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a->octet + sizeof(mapped), 4);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, a->octet, sizeof(a->octet));
	}
}

struct address16
address16_prefix(const struct address16 *a, unsigned bits)
{
	struct address16 p = { 0 };

	memcpy(p.octet, a->octet, bits / 8);
	if (bits % 8 != 0)
		p.octet[bits / 8] = a->octet[bits / 8] &
		    (unsigned char)(0xff00 >> bits % 8);
	return p;
}

bool
network_has(const struct network *n, const struct address16 *a)
{
	struct address16 p = address16_prefix(a, n->bits);

	return memcmp(&p, &n->address, sizeof(p)) == 0;
}

bool
network_parse(struct view text, struct network *n)
{
	size_t slash = view_find(text, '/');
	struct view length = VIEW_NONE;
	uint64_t bits;

	if (slash < text.n)
		length = view_skip(text, slash + 1);
	if (!address16_parse(view_bytes(text.p, slash), &n->address))
		return false;
	bits = address16_is_v4(&n->address) && view_find(text, ':') == text.n ?
	    128 - V4_BITS : 128;
	n->bits = 128;
	if (slash == text.n)
		return true;
	if (length.n > 3 || !view_u64(length, bits, &bits))
		return false;
	n->bits = (unsigned)bits;
	if (address16_is_v4(&n->address) && view_find(text, ':') == text.n)
		n->bits += V4_BITS;
	return network_has(n, &n->address);
}
