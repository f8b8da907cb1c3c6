/* SPDX-License-Identifier: ISC */
/*
 * tls_client - TLS on a stream, the client's side (OpenSSL 3)
 *
 * The same transport as lib/proc/tls.h, with one context for all: who the peer
 * must be is said at each handshake. Sessions are resumed for hosts of the same
 * name, port and demands. Clear text that was buffered is thrown away.
 */
#ifndef PROC_TLS_CLIENT_H
#define PROC_TLS_CLIENT_H

#include "lib/proc/tls.h"

/* Read the authorities (tls_ca) and make the context; before confinement. */
void tls_client_prepare(void);

enum tls_trust {
	TRUST_ANYBODY,		/* encrypt only; no certificate is wrong */
	TRUST_AUTHORITIES,	/* a chain to tls_ca, and the name */
	TRUST_TLSA		/* RFC 7672: records decide */
};

struct tls_demand {
	struct view host;	/* for SNI (A-labels; "" for an address) */
	enum tls_trust trust;
	const struct view *names;	/* that the certificate may have */
	size_t nnames;
	struct view tlsa;	/* list of rdata of TLSA records */
};

/* The handshake, in the stream's fiber. False with w: the stream is of no use
 * any more; w->status "7.5" (cannot be verified), "7.10" (TLS is needed and not
 * to be had) or "4.2", and the sentence names what failed. What came of it:
 * tls_info() of lib/proc/tls.h (verified: as demanded). */
bool tls_connect(struct stream *s, const struct tls_demand *d,
    int64_t deadline, struct why *w);

#endif
