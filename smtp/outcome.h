/* SPDX-License-Identifier: ISC */
/*
 * outcome - what became of a recipient, in the words that people search for
 *
 * Made from a server's reply and what it answered, from a connection that broke,
 * or from what this program decided itself. Sentences are worded as Postfix
 * words them, because log readers and administrators know those. An outcome
 * carries the arena that its texts live in.
 */
#ifndef SMTP_OUTCOME_H
#define SMTP_OUTCOME_H

#include "lib/base/arena.h"
#include "lib/base/why.h"
#include "smtp/phase.h"
#include "smtp/response.h"

struct outcome {
	struct arena *arena;
	enum verdict verdict;
	char status[12];	/* "1.1", without class */
	struct view sentence;
	struct view reply;	/* the server's words, or "" */
	struct view relay;	/* "host[ip]:port", or "" */
	bool dsn;		/* the server reports success itself */
	bool busy;		/* it has too many connections now, from us or all */
};

/* All of our own. They return false, so that callers write: return
 * outcome_later(...). relay stays. */
bool outcome_never(struct outcome *o, const char *status, const char *fmt, ...)
    PRINTF(3, 4);
bool outcome_later(struct outcome *o, const char *status, const char *fmt, ...)
    PRINTF(3, 4);
/* From a struct why. */
bool outcome_why(struct outcome *o, const struct why *w);

/* A server refused: host is "name[ip]". Verdict and status come from the reply;
 * the status is the server's own, or what RFC 3463 has for the phase. */
bool outcome_said(struct outcome *o, const char *host, enum phase p,
    const struct response *r);
/* It accepted: the sentence is the reply. */
void outcome_accepted(struct outcome *o, const struct response *r);
/* The connection was lost, or the time was over. */
bool outcome_lost(struct outcome *o, const char *host, enum phase p);
bool outcome_timed_out(struct outcome *o, const char *host, enum phase p);

/* Which of two tells more about a destination that could not be had: a server's
 * own words, then a conversation that broke, then no connection. */
bool outcome_tells_more(const struct outcome *a, const struct outcome *b);

#endif
