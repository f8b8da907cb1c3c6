/* SPDX-License-Identifier: ISC */
/*
 * transaction - one mail, from MAIL to its end, as the client described it
 */
#ifndef SMTPD_TRANSACTION_H
#define SMTPD_TRANSACTION_H

#include "smtpd/response.h"

/* Where one recipient goes. */
struct target {
	struct target *next;
	struct view transport, destination, address;
	uint8_t notify;		/* of all recipients that lead here */
};

/* What the content is made of, as mail_commit has it. */
enum body {
	BODY_7BIT = 0,
	BODY_8BIT = 1,
	BODY_BINARY = 2,
	BODY_UTF8 = 4		/* added: UTF-8 in header or addresses */
};

enum notify {
	NOTIFY_SUCCESS = 1,
	NOTIFY_FAILURE = 2,
	NOTIFY_DELAY = 4,
	NOTIFY_NEVER = 8
};

enum by_mode { BY_NOTIFY = 1, BY_RETURN = 2, BY_TRACE = 4 };

/* A recipient that was accepted. */
struct rcpt {
	struct rcpt *next;
	struct view original;	/* as the client gave it, no brackets */
	struct target *targets;	/* none if others cover them all */
	struct view orcpt;	/* decoded, with its type; empty: unsaid */
	uint8_t notify;		/* enum notify, 0: unsaid */
	bool hold;		/* the administrator wants to see it first */
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
	uint8_t body;		/* enum body */
	bool utf8;		/* SMTPUTF8 */
	bool require_tls;
	uint8_t ret, by_mode, priority;	/* as mail_commit has them */
	int64_t hold, by;	/* the same */
	struct view envid;	/* decoded; empty: unsaid */
	struct rcpt *first, **last;
	struct rcpt *copies;	/* that nobody asked for and nobody hears of */
	uint32_t rcpts;		/* accepted */
	uint32_t refused;
	struct target_set *set;	/* all targets, smtpd/target.c */
	struct view forward[FORWARDS];
};

/* The chunk that BDAT announced. */
struct chunk {
	bool on;		/* its octets are due */
	bool last;
	uint64_t size, left;
	struct response refusal;	/* code 0: none */
};

#endif
