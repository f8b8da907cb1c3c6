/* SPDX-License-Identifier: ISC */
/*
 * numset - sets of message numbers and UIDs (RFC 9051 sequence-set)
 *
 * "1:5,7,*" becomes ascending ranges that neither touch nor overlap, so that
 * contains() is a binary search and walking is in order. 0 is no number.
 */
#ifndef MAIL_NUMSET_H
#define MAIL_NUMSET_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

#define NUMSET_RANGES_MAX 1048576

struct numset_range {
	uint32_t first, last;
};
struct numset {
	struct numset_range *ranges;	/* in the arena */
	size_t n;
	bool star;			/* '*' was used */
};

/* Strict: digits, ':', ',' and '*' only, no 0, no leading zeros, no number
 * above 4294967295, at most NUMSET_RANGES_MAX elements. '*' is the number
 * star, the greatest in use (0 in an empty mailbox: '*' alone then adds
 * nothing, and "n:*" is 1:n). */
bool numset_parse(struct view text, uint32_t star, struct arena *a,
    struct numset *out);
bool numset_has(const struct numset *s, uint32_t number);
/* How many numbers; up to 2^32 - 1. */
uint64_t numset_count(const struct numset *s);
/* Greatest and least number; 0 when empty. */
uint32_t numset_last(const struct numset *s);
uint32_t numset_first(const struct numset *s);
/* The least number in the set that is >= from; 0 when there is none. Walks the
 * set; UINT32_MAX may be in it, so look before adding one. */
uint32_t numset_next(const struct numset *s, uint32_t from);

/* The numbers that are in both; the ranges are in the arena, with room for one
 * more. */
struct numset numset_both(const struct numset *x, const struct numset *y,
    struct arena *a);

/* Build the compact text from ascending numbers: begin, put each, end. A number
 * not above the one before is a new element all the same. */
struct numset_text {
	struct str *out;
	uint32_t first, last;	/* the range not yet written; 0: none */
	bool some;		/* a comma is needed */
};
void numset_begin(struct numset_text *t, struct str *out);
void numset_put(struct numset_text *t, uint32_t number);
void numset_put_range(struct numset_text *t, uint32_t first, uint32_t last);
void numset_end(struct numset_text *t);

#endif
