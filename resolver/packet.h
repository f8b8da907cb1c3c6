/* SPDX-License-Identifier: ISC */
/*
 * packet - DNS messages (RFC 1035 4): the question out, the answer in
 *
 * What comes in is foreign: every length and pointer is checked, an answer to
 * another question is none, and CNAMEs are followed for a few steps only.
 */
#ifndef RESOLVER_PACKET_H
#define RESOLVER_PACKET_H

#include "lib/proc/dns.h"

#define PACKET_MAX	65535
#define PACKET_UDP	1232	/* octets that we say we take (EDNS) */

struct question {
	struct view name;	/* lower case; dns_name_ok() */
	unsigned type;
};

/* A question with recursion desired and AD, that is: tell whether it is
 * validated (RFC 6840 5.7). */
void packet_put(const struct question *q, uint16_t id, struct str *out);

struct packet {
	uint16_t id;
	bool cut;		/* truncated: ask again by TCP */
	bool authentic;		/* the server says that it has validated */
	unsigned rcode;
};
/* Read an answer to q. False: it is none, and the caller waits on. answer
 * (secure left false) lives in the arena; FAILED when it was cut. */
bool packet_read(struct view octets, const struct question *q,
    struct arena *a, struct packet *p, struct dns_answer *answer);

/* The answer for a response code that is neither NOERROR nor NXDOMAIN. */
void packet_refused(unsigned rcode, struct arena *a, struct dns_answer *answer);

#endif
