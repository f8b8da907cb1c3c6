/* SPDX-License-Identifier: ISC */
/*
 * cache - what is known of a mailbox's messages without opening their files
 *
 * A copy, made by imapd when it first has a message open, kept by store in two
 * files beside its index, read by imapd itself through descriptors of store.
 * Everything in it can be made again from the messages; it may go at any time.
 *
 * Messages stand 32 UIDs to a block, one block for each kind of knowledge:
 *
 *	sum u64   id u64   chunk u32   kind u16   form u16
 *	then records, ascending: UID u32, octets u32, the octets
 *
 * and where blocks are is in the other file: "PHslots1", id u64, and from octet
 * 64 on, for each chunk and kind, offset / 16 u32, length u32 (0: none). All
 * big-endian. id is a random number of this pair of files. A block is believed
 * when its sum, id, chunk and kind are right and its form is the present one;
 * so half of a write, a lost page or another version are as if it were not there.
 */
#ifndef MAIL_CACHE_H
#define MAIL_CACHE_H

#include "lib/base/str.h"

enum cache_kind {
	CACHE_HEADER,		/* lib/mail/summary.h */
	/* two texts as IMAP prints them, behind the length of the first, u32 */
	CACHE_ENVELOPE,		/* ENVELOPE, and its surrogate if it needs one */
	CACHE_STRUCTURE,	/* BODY, BODYSTRUCTURE */
	CACHE_GRAMS,		/* lib/mail/grams.h */
	CACHE_PREVIEW,		/* a line of UTF-8, its end behind it */
	CACHE_KINDS
};

#define CACHE_CHUNK	 32	/* UIDs in a block */
#define CACHE_RECORD_MAX 8192	/* what is longer is not kept */
#define CACHE_BLOCK_HEAD 24
#define CACHE_BLOCK_MAX	 (CACHE_BLOCK_HEAD + \
    CACHE_CHUNK * (8 + CACHE_RECORD_MAX))
#define CACHE_SLOTS_AT	 64
#define CACHE_SLOT	 8

/* ---- where blocks are ---- */

struct cache_slot {
	uint64_t at;
	uint32_t n;		/* 0: none */
};

/* The head of the file of slots, CACHE_SLOTS_AT octets. */
void cache_head_put(struct str *out, uint64_t id);
/* False when it is none. */
bool cache_head_get(struct view head, uint64_t *id);
/* Offset of the first slot of a chunk in its file; the other kinds follow. */
uint64_t cache_slot_at(uint32_t chunk);
/* A slot that makes no sense is none. */
struct cache_slot cache_slot_get(const char *p);
/* False: this cannot be written (the file is too long by now). */
bool cache_slot_put(char *p, struct cache_slot s);

/* ---- blocks ---- */

struct cache_name {
	uint64_t id;
	uint32_t chunk;
	enum cache_kind kind;
};

/* Append the head of a block; close it when its records are there. */
void cache_block_begin(struct str *out, struct cache_name name);
void cache_block_end(struct str *out, size_t from);
/* The records of a block; false when it is not to be believed. */
bool cache_block_open(struct view block, struct cache_name name,
    struct view *records);

/* Append a record. */
void cache_record_put(struct str *out, uint32_t uid, struct view what);
/* Take one from the front; false at the end, and for what is none. */
bool cache_record_take(struct view *records, uint32_t *uid, struct view *what);

#endif
