/* SPDX-License-Identifier: ISC */
/*
 * compose - the text of a report to a sender (RFC 6522, RFC 3464)
 *
 * A pure function from what is to be told to the octets of a mail in wire form.
 * Nothing that came from outside can end a line or a part of it.
 */
#ifndef BOUNCE_COMPOSE_H
#define BOUNCE_COMPOSE_H

#include "lib/base/str.h"

/* As the message report numbers them. */
enum notice_kind { NOTICE_FAILED = 1, NOTICE_DELAYED = 2,
	NOTICE_DELIVERED = 3, NOTICE_LATE = 4, NOTICE_EXPANDED = 5,
	NOTICE_RELAYED = 6, NOTICE_KINDS };

struct notice_rcpt {
	struct view original, address;	/* equal when nothing was expanded */
	struct view status;		/* "1.1", without the class */
	struct view sentence;
	struct view relay;		/* "host[ip]:port", or a program */
	struct view orcpt;		/* "rfc822;user@host", or empty */
	struct view reply;		/* in the other server's words, or empty */
};

struct notice {
	enum notice_kind kind;
	struct view host;		/* of this server */
	struct view sender;		/* to whom it goes */
	struct view envid;
	int64_t arrival, until, now;	/* seconds since 1970 */
	uint64_t id;			/* of the mail that it is about */
	uint64_t unique;		/* random, for boundary and Message-ID */
	size_t n;
	const struct notice_rcpt *rcpt;
	struct view original;		/* the mail, or what is shown of it */
	bool whole;			/* original is all of it */
	bool utf8;			/* it came with SMTPUTF8 (RFC 6531) */
};

/* Append the mail, from Return-Path on. Returns the octets of Return-Path. */
size_t compose(struct str *out, const struct notice *n);
/* Does it hold octets that are not ASCII: bit 1; in an address: bit 2. */
unsigned compose_body(const struct notice *n);

#endif
