/* SPDX-License-Identifier: ISC */
/*
 * known - reading what store keeps of many messages (lib/mail/cache.h)
 *
 * For one command: store gives the descriptors of two files, which are read here
 * without asking again. What is not there, or not to be believed, is missing; it is
 * made from the messages (imapd/digests.h), and store gets it for the next time.
 */
#ifndef IMAPD_KNOWN_H
#define IMAPD_KNOWN_H

#include "imapd/imap.h"
#include "lib/mail/cache.h"

#define KNOWN_MOST 512		/* messages at once */
#define KNOWN_SLOTS 64		/* chunks whose slots are read together */

struct known {
	struct imap *im;
	int slots, blocks;			/* -1 */
	uint64_t id;
	uint32_t drops;		/* of the mailbox's cache, when it was begun */
	struct str octets[CACHE_KINDS];		/* of the last reading */
	struct str keep[CACHE_KINDS];		/* to be sent */
	uint32_t made[CACHE_KINDS];
	/* while reading */
	struct str block;
	uint32_t window;			/* first chunk whose slot is here */
	uint32_t windowed;			/* and how many are */
	char slot[KNOWN_SLOTS * CACHE_KINDS * CACHE_SLOT];
	size_t at[KNOWN_MOST];
};

/* Ask store. Without an answer nothing is known. */
void known_begin(struct known *k, struct imap *im);
/* Send what is left to be kept, close, give the memory back. */
void known_end(struct known *k);

/* The records of one kind of n messages (at most KNOWN_MOST, ascending): p is
 * NULL where there is none. Views live until the next reading of this kind. */
void known_read(struct known *k, enum cache_kind kind, const uint32_t *uid,
    uint32_t n, struct view *v);
/* This was made: store may keep it. UIDs ascend within a command. */
void known_keep(struct known *k, enum cache_kind kind, uint32_t uid,
    struct view what);

#endif
