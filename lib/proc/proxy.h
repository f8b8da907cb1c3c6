/* SPDX-License-Identifier: ISC */
/*
 * proxy - the PROXY protocol, versions 1 and 2, the receiver's side
 *
 * A load balancer in front of a listener begins each connection with a preamble
 * that says who the client is. It is believed from proxy_clients alone, who the
 * caller looks up before. haproxy's proxy-protocol.txt is the specification.
 */
#ifndef PROC_PROXY_H
#define PROC_PROXY_H

#include "lib/proc/network.h"
#include "lib/proc/stream.h"

/* A longer preamble is refused; the TLVs of version 2 may fill it. */
#define PROXY_MAX 4096

enum proxy_result {
	PROXY_MORE,	/* it is not all here */
	PROXY_BAD,	/* this can become no preamble */
	PROXY_LOCAL,	/* the proxy speaks for itself (LOCAL, UNKNOWN, UNSPEC) */
	PROXY_CLIENT	/* it speaks for a client */
};

struct proxy {
	size_t length;			/* of the preamble */
	struct address16 address;	/* of the client */
	uint16_t port;
};

/* What stands at the front of in. *p is filled with PROXY_LOCAL (length only)
 * and PROXY_CLIENT. */
enum proxy_result proxy_parse(struct view in, struct proxy *p);

/* Take the preamble from a stream that nothing was read from yet, and not an
 * octet more: a TLS handshake may follow. PROXY_MORE: none came in time. */
enum proxy_result proxy_read(struct stream *s, int64_t deadline,
    struct proxy *p);

#endif
