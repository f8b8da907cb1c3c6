/* SPDX-License-Identifier: ISC */
/*
 * destination - a next host: who waits for it, and how much it can take
 *
 * Recipients of transport smtp share one destination for each text of a hop
 * (lib/mail/hop.h). It has the jobs that are ready for it, a window of
 * transactions that may be under way at once, and a time before which it is left
 * alone (queue/window.h). A host that is dead costs one probe for each such time,
 * however much waits for it.
 *
 * Everything is decided here and nothing is sent: times come in as parameters,
 * in milliseconds of clock_ms(). queue/relay.c does what is said.
 */
#ifndef QUEUE_DESTINATION_H
#define QUEUE_DESTINATION_H

#include "lib/base/view.h"
#include "queue/job.h"
#include "queue/window.h"

struct destination;
struct reason;

/* Find or make; the caller holds it until destination_drop(). One that nobody
 * holds is remembered for some time. */
struct destination *destination_take(struct view hop);
/* One holder more; returns d. */
struct destination *destination_hold(struct destination *d);
/* NULL is fine; *d becomes NULL. */
void destination_drop(struct destination **d);
struct view destination_hop(const struct destination *d);
/* LMTP: its success is a delivery (RFC 2033), not a relaying. */
bool destination_delivers(const struct destination *d);

struct destination_limits {
	uint32_t total;		/* connections to all */
	uint32_t rate;		/* transactions in a minute, 0: any */
	uint32_t named;		/* connections to one that a route names */
	struct window_limits window;	/* of one destination */
};
void destination_limit(const struct destination_limits *l);

/* One more recipient of a mail is ready. Those of a mail are collected until
 * destination_close(), so that they go together; false: there were none. */
void destination_add(struct destination *d, const struct job *like,
    uint32_t rcpt);
bool destination_close(void);
/* A job that was taken goes on, before all others or behind them; with it goes
 * the hold of its destination. */
void destination_again(struct destination *d, struct job *j, bool first);

/* The next job whose turn it is; NULL: there is none, or none may go now, and
 * *wait is the time in ms until one may (-1: when something ends). The job is
 * the caller's, who holds the destination for it. A job of a destination that is
 * to be left alone comes at any time, to be put off. */
struct job *destination_next(int64_t now, struct destination **d,
    int64_t *wait);
/* A place in the window is taken. */
void destination_begin(struct destination *d, int64_t now);
/* What takes it is a transaction, for the rate. */
void destination_count(struct destination *d, int64_t now);
/* The place is free again, and nothing is known. */
void destination_end(struct destination *d);
/* What the transaction says about it. */
void destination_learn(struct destination *d, const struct news *news);
/* In ms, when it may be tried again; 0: now. */
int64_t destination_until(const struct destination *d, int64_t now);
/* Why it was left alone, or the last failure; NULL: there was none since. */
const struct reason *destination_trouble(const struct destination *d);
/* Try it now (the administrator, ETRN). */
void destination_wake(struct destination *d);

/* For posthouse queue stats. */
struct destination_state {
	uint32_t trying, window;
	int64_t until;		/* in ms, 0: none */
};
void destination_describe(const struct destination *d,
    struct destination_state *s);

#endif
