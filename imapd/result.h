/* SPDX-License-Identifier: ISC */
/*
 * result - what a SEARCH or SORT returns of its messages
 *
 * RFC 4731 and RFC 5267 (ESEARCH, ESORT), RFC 5182 (SAVE and "$"), RFC 9394
 * (PARTIAL).
 */
#ifndef IMAPD_RESULT_H
#define IMAPD_RESULT_H

#include "imapd/search.h"

enum {
	RESULT_MIN = 1, RESULT_MAX = 2, RESULT_COUNT = 4, RESULT_ALL = 8,
	RESULT_SAVE = 16, RESULT_PARTIAL = 32
};

/* "1:100", or "-1:-100" counted from the end; first is the lower one. */
struct partial {
	uint32_t first, last;
	bool from_end;
	struct view text;	/* as it was written */
};

struct result {
	bool extended;		/* RETURN was there: an ESEARCH response */
	unsigned want;
	struct partial partial;
	bool modseq;		/* tell the highest one */
	const char *name;	/* of the plain response: SEARCH, SORT */
	struct view mailbox;	/* that the response names, or empty */
	uint32_t uidvalidity;	/* of it */
};

/* "RETURN (...) " if it comes next. */
void result_parse(struct result *r, struct parse *p);
void partial_parse(struct partial *out, struct parse *p);
/* The part of n things: *from, and how many. */
size_t partial_of(const struct partial *p, size_t n, size_t *from);

/* Write the response and keep what is to be saved. The matches are in the order
 * that the client wants. */
void result_put(struct imap *im, const struct result *r,
    const struct matches *m);
/* The command failed: nothing is saved (RFC 5182 2.1). */
void result_failed(struct imap *im, const struct result *r);
/* "$": what was saved, as UIDs; the ranges are in the arena. */
struct numset result_saved(struct imap *im);

#endif
