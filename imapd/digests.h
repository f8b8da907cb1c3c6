/* SPDX-License-Identifier: ISC */
/*
 * digests - what is known of many messages, made where it is missing
 *
 * What store keeps is read (imapd/known.h); for the others the files are opened,
 * and store gets what was made of them, for the next time.
 */
#ifndef IMAPD_DIGESTS_H
#define IMAPD_DIGESTS_H

#include "imapd/content.h"
#include "imapd/known.h"

/* A set of enum cache_kind. */
#define WANT(kind) (1u << (kind))

struct digests {
	unsigned want;
	uint32_t n;
	uint32_t uid[KNOWN_MOST];			/* ascending */
	struct view v[CACHE_KINDS][KNOWN_MOST];		/* of what is wanted */
	/* where they are */
	struct known known;
	struct str made;
};

/* Begin a command that wants these kinds; d is all zeros. End in any case. */
void digests_begin(struct digests *d, struct imap *im, unsigned want);
void digests_end(struct digests *d);
/* Fill in n and uid before; fills in v for the next n. Where so much is made that
 * it would not stay small, n is less afterwards, and the others have to be asked
 * for again. False when store said no. */
bool digests_get(struct digests *d, struct why *w);
/* Is the i-th message there? */
bool digests_has(const struct digests *d, uint32_t i);
/* Begin with the i-th message, of which this is known and no more. */
void digests_show(const struct digests *d, uint32_t i, struct content *c);

#endif
