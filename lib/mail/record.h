/* SPDX-License-Identifier: ISC */
/*
 * record - one message of a mailbox index, packed
 *
 * store hands the index of a mailbox to a session program as an array of these
 * (a memfd, or bytes in a message), big-endian and without gaps:
 *
 *	 0 uid u32	 4 flags u32	 8 keywords u64	16 modseq u64
 *	24 size u64	32 date i64	40 saved i64	48 content u64
 */
#ifndef MAIL_RECORD_H
#define MAIL_RECORD_H

#include "lib/base/str.h"

#define RECORD_SIZE 56

/* The number of an open mailbox has the instance of its store in the upper
 * bits, so that it tells where to ask. */
#define HANDLE_INSTANCE	26	/* bits below it */

enum flag {
	FLAG_SEEN = 1 << 0,
	FLAG_ANSWERED = 1 << 1,
	FLAG_FLAGGED = 1 << 2,
	FLAG_DELETED = 1 << 3,
	FLAG_DRAFT = 1 << 4,
	FLAG_RECENT = 1 << 5
};
#define FLAG_ALL	0x3fu	/* every bit above */
#define FLAG_STORABLE	0x1fu	/* what a client may set: not \Recent */

struct record {
	uint32_t uid;
	uint32_t flags;		/* enum flag */
	uint64_t keywords;	/* bit n: the n-th keyword of the mailbox */
	uint64_t modseq;
	uint64_t size;		/* octets as on the wire */
	int64_t date;		/* internal date, seconds since 1970 */
	int64_t saved;		/* when it came into this mailbox */
	uint64_t content;	/* the basis of EMAILID and THREADID */
};

/* Exactly RECORD_SIZE bytes, any alignment. */
void record_put(uint8_t *to, const struct record *r);
void record_get(const uint8_t *from, struct record *r);
/* Only one of them, for walking a large index. */
uint32_t record_uid(const uint8_t *from);
uint32_t record_flags(const uint8_t *from);
uint64_t record_modseq(const uint8_t *from);
/* The number of records, and the i-th, of an array in a view. */
size_t record_count(struct view v);
void record_at(struct view v, size_t i, struct record *r);
/* Index of the first record with this uid or a greater one; the number of
 * records if there is none. The array ascends by uid. */
size_t record_find(struct view v, uint32_t uid);

/* "\Seen" and so on, without case: the bit, or 0 if it is no system flag. */
uint32_t flag_parse(struct view name);
/* The name of a single bit; NULL if it is none. */
const char *flag_name(uint32_t bit);
/* The Maildir letter of a single bit (D F R S T), 0 if it has none; back. */
char flag_letter(uint32_t bit);
uint32_t flag_of_letter(char letter);
/* Append the letters of a file's name in a Maildir, in their order: flags, then a
 * to z for the first LETTER_KEYWORDS keywords. */
#define LETTER_KEYWORDS	26
void flag_letters(uint32_t set, uint64_t keywords, struct str *out);

#endif
