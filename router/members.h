/* SPDX-License-Identifier: ISC */
/*
 * members - the targets of a large list, in order and none twice
 *
 * They come in any order; they are sorted once and written into a sealed memfd
 * that the program that asked reads part by part. A member has a key that is
 * the same as long as it is: domain, local part, transport, and the command or
 * file if it is one. So whoever stopped in the middle of a list can go on
 * behind a key, though the list may have changed.
 */
#ifndef ROUTER_MEMBERS_H
#define ROUTER_MEMBERS_H

#include "lib/base/str.h"
#include "lib/mail/address.h"

#define MEMBERS_MAX	100000		/* of a list */
#define MEMBERS_OCTETS	(64u << 20)	/* of their texts */
#define MEMBERS_KEY	900		/* octets of a key */

/* { 0 } is empty. */
struct members {
	struct str texts;	/* list: key, transport, destination, address */
	uint32_t *at;		/* where each begins in texts */
	size_t n, cap;
};

/* Put one in: transport, destination and address, which is a. False when there
 * are too many. */
bool members_put(struct members *m, const struct view part[3],
    const struct address *a);
/* A sealed memfd with all of them, each once, a list of four texts each; how
 * many goes to *n. -1 and errno on error. */
int members_memfd(struct members *m, uint32_t *n);
void members_free(struct members *m);

#endif
