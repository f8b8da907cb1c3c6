/* SPDX-License-Identifier: ISC */
/*
 * tls_client - TLS on a stream, the client's side (OpenSSL 3)
 *
 * The same transport as lib/proc/tls.h, with one context for all: who the peer
 * must be is said at each handshake. Sessions are resumed for hosts of the same
 * name, port and demands. Clear text that was buffered is thrown away.
 *
 * TLS 1.2 and 1.3, whatever tls_min says: that is for those who come to us. A
 * peer that has nothing newer than 1.2 would get its mail in clear text, or not
 * at all, if it held here, too. Anything older counts as no TLS (RFC 8996).
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
	const struct view *names;	/* that the certificate may have: host
					 * names or IP addresses, one of them */
	size_t nnames;
	struct view tlsa;	/* list of rdata of TLSA records */
	bool lenient;		/* look whether it is so, but take anybody */
	bool fresh;		/* no session of before: TLS_SERVER_END_POINT is
				 * to be had for certain */
};

/* The handshake, in the stream's fiber. False with w: the stream is of no use
 * any more; w->status "7.5" (cannot be verified), "7.10" (TLS is needed and not
 * to be had) or "4.2", and the sentence names what failed. What came of it:
 * tls_info() of lib/proc/tls.h (verified: as demanded).
 *
 * Records of usage 0 and 1 and those that OpenSSL cannot use are passed over;
 * when none is left, nobody is right ("7.5"): what holds instead (RFC 7672 2.2)
 * is for the caller to know, who looks at the records before. */
bool tls_connect(struct stream *s, const struct tls_demand *d,
    int64_t deadline, struct why *w);

/* Whether a certificate (selector 0) or a public key (1) that a TLSA record has
 * in full is one. */
bool tls_client_knows(uint8_t selector, struct view data);

/* Why a certificate was not accepted, or would not have been (lenient), in the
 * result types of RFC 8460 4.3; until the stream is closed. */
enum tls_fault {
	TLS_FAULT_NONE,		/* it was, or it did not come so far */
	TLS_FAULT_NAME,
	TLS_FAULT_EXPIRED,
	TLS_FAULT_UNTRUSTED,
	TLS_FAULT_OTHER
};
enum tls_fault tls_fault(const struct stream *s);

#endif
