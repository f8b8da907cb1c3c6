/* SPDX-License-Identifier: ISC */
/*
 * compose - the text of a report to a sender (RFC 6522, RFC 3464, RFC 6533)
 *
 * A pure function from what is to be told to the octets of a mail in wire form.
 * Nothing that came from outside can end a line or a part of it, and no line is
 * longer than a server must take.
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
	uint64_t tried;			/* last, seconds since 1970; 0: unknown */
};

struct notice {
	enum notice_kind kind;
	struct view host;		/* of this server */
	struct view to;			/* to whom the report goes */
	bool astray;			/* not to the sender: to who cares for
					 * what nobody else can be told */
	struct view sender;		/* of the mail; empty for <> */
	struct view unheard;		/* why the sender was not told, or
					 * empty when there is none */
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

/* What compose() wrote. */
struct composed {
	size_t skip;		/* octets of Return-Path in front */
	bool eight;		/* it has 8-bit octets */
	bool utf8;		/* it has some in its own header */
};

/* Append the mail, from Return-Path on. */
void compose(struct str *out, const struct notice *n, struct composed *c);

/* "failed", "relayed", ...: the action of RFC 3464 2.3.3. */
const char *compose_action(enum notice_kind kind);
/* '2', '4' or '5' of the status. */
char compose_class(enum notice_kind kind);

#endif
