/* SPDX-License-Identifier: ISC */
/*
 * network - addresses and the networks that they are in
 *
 * Every IP address is 16 octets here, IPv4 as ::ffff:a.b.c.d, so that one
 * client has one address however its connection came. Whole numbers only: no
 * host names, which others decide about.
 */
#ifndef PROC_NETWORK_H
#define PROC_NETWORK_H

#include <sys/socket.h>

#include "lib/base/view.h"

struct address16 {
	unsigned char octet[16];
};

struct network {
	struct address16 address;	/* zero behind bits */
	unsigned bits;			/* of 128 */
};

/* "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". False: it is none, or has bits
 * set behind its length. */
bool network_parse(struct view text, struct network *n);
bool network_has(const struct network *n, const struct address16 *a);
/* The first bits of a, the rest zero. */
struct address16 address16_prefix(const struct address16 *a, unsigned bits);

bool address16_is_v4(const struct address16 *a);
/* False for other than IPv4 and IPv6. */
bool address16_of(const struct sockaddr_storage *from, struct address16 *a);
/* The port that stands with it. */
uint16_t address16_port(const struct sockaddr_storage *from);
/* An address alone, as text; "IPv6:" in front is passed over. */
bool address16_parse(struct view text, struct address16 *a);
/* "ADDRESS" or "ADDRESS@PORT"; without a port, *port stays as it is. */
bool address16_parse_port(struct view text, struct address16 *a,
    uint16_t *port);
/* On this host for sure: 127.0.0.0/8, ::1. */
bool address16_is_loopback(const struct address16 *a);
/* And back. */
#define ADDRESS16_TEXT 46
void address16_text(const struct address16 *a, char out[ADDRESS16_TEXT]);
/* With a port; an IPv4 address becomes an AF_INET one. */
void address16_sockaddr(const struct address16 *a, uint16_t port,
    struct sockaddr_storage *to);

#endif
