/* SPDX-License-Identifier: ISC */
/*
 * index - the rows that this instance keeps in its kv environment
 *
 * mailbox    user NUL name         header of a mailbox
 * records    mailbox, uid / 32     up to 32 records, ascending
 * delivered  mail, recipient       uid: this delivery was made
 * held       content, 0            the same of what was appended (store/held.h)
 * gone       mailbox, uid          old name of a file that has to go
 * cache      mailbox              id of its files (store/cache.h)
 * vanished   mailbox, modseq       UID set that went with that change
 * folders    user NUL kind name    a removal or renaming under way
 * working    mailbox               user NUL name: its directory may differ
 * seen       mailbox, reader, part UIDs that a reader has seen (store/seen.h)
 * shared     identifier NUL owner NUL number   name (store/shares.h)
 * about      text                  host, next mailbox number, known users
 * attributes mailbox               its posthouse-mailbox (store/attributes.h)
 *
 * All writes of one turn are one transaction, which durable.c commits and
 * flushes; nothing here waits. A write that fails breaks the environment as a
 * whole: index_broken() then, and every request of the turn is answered LATER.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "lib/base/kv.h"
#include "lib/base/kv_key.h"
#include "lib/mail/record.h"

#define CHUNK_RECORDS	32
#define ENTRY_SIZE	(RECORD_SIZE + 8)
#define INDEX_UNKNOWN	UINT64_MAX
#define HEADER_KEYWORDS	64	/* bits of record.keywords */

enum index_table {
	INDEX_MAILBOX,
	INDEX_RECORDS,
	INDEX_DELIVERED,
	INDEX_GONE,
	INDEX_FOLDERS,
	INDEX_WORKING,
	INDEX_ABOUT,
	INDEX_VANISHED,
	INDEX_CACHE,
	INDEX_ATTRIBUTES,
	INDEX_SEEN,
	INDEX_SHARED,
	INDEX_HELD,
	INDEX_TABLES
};

/* What header.marks tells beside the special uses of lib/mail/uses.h: without a
 * bit there is nothing to be looked for in INDEX_ATTRIBUTES. */
enum header_mark {
	MARK_USES = 0xffff,	/* the bits of enum use */
	MARK_ID = 1 << 16,	/* a MAILBOXID of its own */
	MARK_ACL = 1 << 17,	/* rights */
	MARK_DATA = 1 << 18,	/* METADATA */
	MARK_QUOTA = 1 << 19	/* limits of its owner */
};

/* A record and how its file is called. */
struct entry {
	struct record r;
	uint32_t letters;	/* that the file name has now */
	uint32_t number;	/* of the recipient */
	uint8_t kind;		/* enum place_kind */
};

struct header {
	uint32_t mailbox;	/* number, never used twice */
	uint32_t uidvalidity, uidnext;
	uint32_t first_recent;	/* from here on nobody has seen them */
	uint32_t count, unseen, deleted, recent;
	uint64_t modseq, octets;
	uint64_t deleted_octets; /* INDEX_UNKNOWN: of a row of old form */
	uint64_t vanished_from;	/* what went after it is known */
	uint32_t vanished_rows;
	uint32_t marks;		/* of its attributes, in short */
	bool known;		/* false: to be made from the files */
	struct str keywords;	/* as list_put: the n-th is bit n */
};

/* Open in dir with so many octets of cache; false with the reason. */
bool index_open(const char *dir, size_t cache, const char *host,
    struct why *w);
void index_close(void);
/* Nothing can be written or believed until index_reopen() succeeds. */
bool index_broken(void);
bool index_reopen(struct why *w);
/* How often it was opened or reopened well. */
uint64_t index_openings(void);
void index_why(struct why *w);
/* Where it is: other disposable files may be kept there. */
const char *index_dir(void);
/* The host in the names of this index's files. */
const char *index_host(void);
/* Which one it is: another number when it has been made anew. */
uint64_t index_born(void);

/* Called by durable.c: close the turn's transaction, then flush it (in any
 * thread). index_commit is true when there was something. */
bool index_commit(void);
bool index_flush(void);
/* Bytes that a restart would have to read; and make it less (any thread). */
uint64_t index_log_grown(void);
bool index_checkpoint(void);

enum kv_result index_get(enum index_table t, const struct kv_key *k,
    struct view *v);
void index_put(enum index_table t, const struct kv_key *k, struct view v);
void index_delete(enum index_table t, const struct kv_key *k);
void index_delete_all(enum index_table t, const struct kv_key *prefix);
enum kv_result index_each(enum index_table t, const struct kv_key *prefix,
    bool (*f)(void *arg, struct view key, struct view value), void *arg);
/* Has the table a row of this mailbox? */
bool index_has_rows(enum index_table t, uint32_t mailbox);

/* The usual keys. */
struct kv_key index_key_mailbox(struct view user, struct view name);
struct kv_key index_key_user(struct view user);
struct kv_key index_key_uid(uint32_t mailbox, uint32_t uid);
struct kv_key index_key_number(uint32_t mailbox);
struct kv_key index_key_modseq(uint32_t mailbox, uint64_t modseq);
struct kv_key index_key_delivered(uint64_t mail, uint32_t rcpt);
struct kv_key index_key_folder(struct view user, char kind, struct view name);
struct kv_key index_key_about(const char *what, struct view of);

/* KV_TROUBLE for a row that makes no sense, too. */
enum kv_result index_header(struct view user, struct view name,
    struct header *h);
/* The same from a row that index_each() gave; false: it makes no sense. */
bool header_read(struct view row, struct header *h);
/* Only its marks. */
uint32_t header_marks(struct view row);
void index_put_header(struct view user, struct view name,
    const struct header *h);
uint32_t index_mailbox_new(void);

void entry_put(uint8_t *to, const struct entry *e);
void entry_get(const uint8_t *from, struct entry *e);
/* Add one record behind all others of its chunk. */
void index_append(uint32_t mailbox, const struct entry *e);
/* Write one chunk anew: all entries of it, or none to delete it. */
void index_put_chunk(uint32_t mailbox, uint32_t chunk, struct view entries);
/* Everything about the mailbox's messages goes. */
void index_forget(uint32_t mailbox);

#endif
