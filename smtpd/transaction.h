/* SPDX-License-Identifier: ISC */
/*
 * transaction - one mail, from MAIL to its end, as the client described it
 */
#ifndef SMTPD_TRANSACTION_H
#define SMTPD_TRANSACTION_H

#include "lib/base/arena.h"

/* Where one recipient goes. */
struct target {
	struct target *next;
	struct view transport, destination, address;
};

/* A recipient that was accepted. */
struct rcpt {
	struct rcpt *next;
	struct view original;	/* as the client gave it, no brackets */
	struct target *targets;	/* none if others cover them all */
};

/* What XFORWARD can say, smtpd/xclient.c. */
enum forward {
	FORWARD_NAME, FORWARD_ADDR, FORWARD_PORT, FORWARD_PROTO, FORWARD_HELO,
	FORWARD_IDENT, FORWARD_SOURCE, FORWARDS
};

struct transaction {
	struct arena arena;
	struct view sender;	/* empty for <> */
	struct view named;	/* the last recipient, accepted or not */
	uint64_t size;		/* announced, 0: unsaid */
	uint8_t body;		/* enum message body of mail_commit */
	struct rcpt *first, **last;
	uint32_t rcpts;		/* accepted */
	uint32_t refused;
	struct target_set *set;	/* all targets, smtpd/target.c */
	struct view forward[FORWARDS];
};

#endif
