/* SPDX-License-Identifier: ISC */
/*
 * mail - a mail of the queue in memory, and as bytes of the journal
 *
 * One allocation holds the fixed part, the recipients and all texts; a million
 * of them wait in about 200 octets each. mail_write() and struct mail_reader
 * are each other's inverse: what a commit writes into the journal is what a
 * start and the commit itself make the mail from.
 */
#ifndef QUEUE_MAIL_H
#define QUEUE_MAIL_H

#include "lib/base/str.h"
#include "queue/destination.h"
#include "queue/reason.h"
#include "queue/state.h"

enum { NOTIFY_SUCCESS = 1, NOTIFY_FAILURE = 2, NOTIFY_DELAY = 4,
	NOTIFY_NEVER = 8 };

/* Numbers stand on disk. LATE: not delivered by the time that the sender set
 * (RFC 2852). EXPANDED: an alias of several (RFC 3461 5.2.7). RELAYED: to a
 * server that will not tell of success (5.2.2). PASSED: no report, the mail is
 * for members of a list (queue/split.h). */
enum { REPORT_FAILED = 1, REPORT_DELAYED = 2, REPORT_DELIVERED = 3,
	REPORT_LATE = 4, REPORT_EXPANDED = 5, REPORT_RELAYED = 6,
	REPORT_PASSED = 7 };

enum { BY_NOTIFY = 1, BY_RETURN = 2, BY_MODE = 3 };	/* of by_mode */
enum { TLS_REQUIRED = 1 };

#define FROZEN		UINT32_MAX	/* due: when the administrator says */
#define PRIORITY_USUAL	10	/* MT-PRIORITY 0 */
#define PRIORITY_MOST	19

struct rcpt {
	struct reason *why;	/* last LATER or NEVER, or NULL */
	struct destination *to;	/* of transport smtp, else NULL */
	uint32_t texts;		/* where its texts begin */
	uint32_t due;		/* WAITING: seconds since 1970 */
	uint32_t tried;		/* last time, 0: not since the start */
	uint16_t tries;
	uint8_t state;		/* RCPT_ of queue/state.def */
	uint8_t notify;		/* NOTIFY_ bits, 0: the usual */
	uint8_t transport;	/* index into transports[] */
	bool again;		/* an attempt may have succeeded unheard */
	bool good;		/* REPORTING: that it is DONE */
	bool unsaid;		/* SETTLED without a note: see soft.h */
	bool passing;		/* a mail for it is being made durable: split.h */
};

struct mail {
	uint64_t id;		/* first: struct table wants it */
	uint64_t size;
	uint32_t skip;		/* octets of Return-Path in front */
	uint32_t heap;		/* place in the schedule, 0: none */
	uint32_t segment;	/* of the journal: its envelope is not before */
	uint32_t nrcpt, unsettled;
	uint32_t bytes;		/* this allocation */
	uint32_t taken_ms;	/* from id to durable, for the log */
	uint32_t busy;		/* recipients READY or TRYING */
	int32_t born;		/* see age.h */
	uint32_t told;		/* recipients before it were in a report ... */
	uint8_t telling;	/* ... of this kind, which goes on */
	uint8_t state;		/* MAIL_ of queue/state.def */
	uint8_t body, ret;	/* as in mail_commit */
	uint8_t by_mode, priority, tls;
	bool warned;		/* the sender knows of the delay */
	bool warn;		/* the sender is to be told of the delay */
	bool late;		/* mail_by() is over, mode BY_NOTIFY */
	bool late_told;		/* the sender knows of that */
	bool reporting;		/* in the queue of reports or at bounce */
	bool timed;		/* a timer looks what is to be reported */
	bool settling;		/* a report being made durable names it */
	bool rewritten;		/* meanwhile: the later record wins */
	uint8_t soft;		/* the sync that it waits for, 0: none; see soft.h */
	bool unsaid;		/* soft, with recipients DONE without a note */
	struct rcpt rcpt[];	/* then the texts */
};

/* What mail_rcpt says, and what an attempt needs. */
struct rcpt_texts {
	struct view original, transport, destination, address, orcpt;
};

struct mail_head {
	uint64_t size;
	uint32_t skip;
	uint8_t body, ret;
	bool warned;
	uint8_t by_mode, priority, tls;
	bool late_told;
	uint32_t hold, by;	/* seconds since 1970, 0: unsaid */
	struct view sender, envid;
	struct view content;	/* what a small one says, or nothing */
};

/* What a report settles, or a mail for members of a list; stands in the record of
 * its own envelope so that both become true at once. */
#define SETTLES_MOST 1000
struct settles {
	uint64_t mail;		/* 0: no report */
	uint8_t kind;		/* REPORT_ */
	uint16_t n;
	uint32_t rcpt[SETTLES_MOST];
};

/* Of n recipients as bytes; NULL when they do not fit. */
struct mail *mail_make(uint64_t id, const struct mail_head *h,
    struct view rcpts, uint32_t n);
void mail_free(struct mail **m);
struct view mail_sender(const struct mail *m);
struct view mail_envid(const struct mail *m);
struct rcpt_texts mail_texts(const struct mail *m, uint32_t rcpt);
/* Seconds since 1970 at which it was opened. */
int64_t mail_arrival(const struct mail *m);
/* No try before, and deliver by: seconds since 1970, 0: unsaid. */
uint32_t mail_hold(const struct mail *m);
uint32_t mail_by(const struct mail *m);
/* Is it held by the administrator; is it held by him or by the sender? */
bool mail_is_frozen(const struct mail *m, uint32_t rcpt);
bool mail_is_held(const struct mail *m, uint32_t rcpt, uint32_t now);
/* Does the sender want to be told of this kind: NOTIFY_SUCCESS, ... */
bool mail_wants(const struct mail *m, uint32_t rcpt, uint8_t notify);

/* How a state of a recipient stands in the journal, and what it is after a
 * restart; false for a letter that means nothing. */
char mail_letter(const struct rcpt *r);
bool mail_state_of(char letter, uint8_t *state);
/* One recipient as bytes, state included; NULL state: a new one. */
void mail_write_rcpt(struct str *out, const struct rcpt *r,
    const struct rcpt_texts *t, uint8_t notify);
/* Change NOTIFY of the recipient that begins at this octet. */
void mail_set_notify(struct str *rcpts, size_t at, uint8_t notify);
/* What it is without its recipients; the views are its own. */
void mail_head(const struct mail *m, struct mail_head *h);
/* Append the records RCPTS... and ENVELOPE of a whole mail to a batch. */
void mail_write(struct str *batch, const struct mail *m);
/* The same of a new one, whose recipients stand in rcpts as bytes. */
void mail_write_new(struct str *batch, uint64_t id, const struct mail_head *h,
    struct view rcpts, const struct settles *s);

#endif
