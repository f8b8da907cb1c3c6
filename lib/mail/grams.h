/* SPDX-License-Identifier: ISC */
/*
 * grams - which triples of octets a text has, in a few hundred octets
 *
 * A filter for searches: every triple of neighbouring octets of the folded text
 * sets one bit of up to 8,192. A needle can only be in a text that has the bits of
 * all its triples, so a message without one of them need not be opened; one that
 * has them must be, as bits of different triples may fall together.
 *
 * The record: the binary logarithm of the number of bits in an octet, 9 to 13,
 * then the bits, most significant first. A short text takes 65 octets, a long one 1,025.
 */
#ifndef MAIL_GRAMS_H
#define MAIL_GRAMS_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

#define GRAMS_BITS 8192
#define GRAMS_MAX  (1 + GRAMS_BITS / 8)
#define GRAMS_LEAST 3		/* octets of a needle that is worth asking for */

/* { 0 } is a text without triples. */
struct grams {
	uint64_t word[GRAMS_BITS / 64];
};
/* Add the triples of a text. A text that comes in pieces overlaps by 2 octets. */
void grams_add(struct grams *g, struct view text);
void grams_put(struct str *out, const struct grams *g);

/* What a needle asks for; NULL when it is too short to ask for anything. */
struct grams_needle;
const struct grams_needle *grams_needle(struct view needle, struct arena *a);
/* May the text of this record have the needle? Yes for what is no record. */
bool grams_may_have(struct view record, const struct grams_needle *n);

#endif
