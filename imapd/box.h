/* SPDX-License-Identifier: ISC */
/*
 * box - the selected mailbox as this session's client knows it
 *
 * The index comes from store as a sealed memfd of packed records, mapped
 * private: a record that changes is changed in place and costs this session its
 * page, the rest stays common. Messages that arrive later stand in `added`.
 *
 * Each record has an index that never changes. What the client calls message n
 * is the n-th record that is known to it (index < known) and no hole. Events of
 * store change records at once, but add to `gone`, `dirty` and the records
 * behind `known` only; imapd/sync.c makes holes and moves `known` when the
 * protocol allows to say so. Between, numbers are stable.
 */
#ifndef IMAPD_BOX_H
#define IMAPD_BOX_H

#include <bsd/sys/tree.h>

#include "lib/base/str.h"
#include "lib/mail/numset.h"
#include "lib/mail/record.h"

#define KEYWORDS_MAX 64

struct channel;
struct imap;
struct last_section;

/* A change of flags that the client has not been told. */
struct box_dirty {
	uint32_t index;
	uint64_t modseq;
};

struct box {
	struct imap *im;		/* whose it is; NULL in tests */
	struct channel *channel;	/* where events come from */
	struct str name;		/* of the mailbox, UTF-8 */
	struct str id;			/* MAILBOXID */
	uint32_t handle;
	uint32_t uidvalidity, uidnext;
	uint32_t unseen;		/* the first, when it was opened; 0: none */
	uint64_t modseq;
	bool read_only;			/* by EXAMINE */
	bool shared;			/* somebody else's: \Seen is our own */
	uint32_t rights;		/* enum right */
	bool deleted;			/* the mailbox is no more */
	bool new_keywords;		/* not told yet */
	uint8_t *map;			/* base_n records */
	uint32_t base_n;
	struct str added;		/* records */
	uint32_t known;			/* indexes the client knows */
	uint32_t *holes;		/* ascending indexes, told as expunged */
	uint32_t holes_n, holes_size;
	uint32_t *gone;			/* expunged, not told; any order */
	uint32_t gone_n;
	size_t gone_size;
	struct box_dirty *dirty;
	uint32_t dirty_n, dirty_size;
	uint32_t changed;		/* records of the map, since it is there */
	uint32_t recent;		/* records with \Recent, holes apart */
	char *keyword[KEYWORDS_MAX];
	uint32_t keywords;
	struct str saved;		/* UIDs of "$": imapd/result.h */
	struct last_section *last;	/* see imapd/fetch.h; may be NULL */
	RB_ENTRY(box) by_handle;
};

/* Whose messages are read now: imapd/imap.h has both. */
#define box_looked_at(im) ((im)->look ? (im)->look : (im)->box)

/* An empty one. */
struct box *box_new(void);
/* Map the index: count records in fd, which stays the caller's. */
bool box_map(struct box *b, int fd, uint32_t count);
/* The records from this UID on are \Recent, which the index does not say. */
void box_set_recent(struct box *b, uint32_t first);
/* One record is; or the client has to be told of its flags. */
void box_mark_recent(struct box *b, uint32_t index);
void box_note_change(struct box *b, uint32_t index, uint64_t modseq);
void box_free(struct box **b);

/* ---- events ---- */

void box_event_added(struct box *b, struct view records);
void box_event_flags(struct box *b, struct view records);
void box_event_expunged(struct box *b, struct view records);
/* list: all keyword names, as in a message. */
void box_set_keywords(struct box *b, struct view list);
/* Is there anything the client was not told? */
bool box_has_news(const struct box *b);

/* ---- looking ---- */

/* Records of any kind, and messages as the client counts. */
uint32_t box_total(const struct box *b);
uint32_t box_count(const struct box *b);
/* Valid until the next wait. */
const uint8_t *box_record(const struct box *b, uint32_t index);
uint32_t box_uid(const struct box *b, uint32_t index);
/* Greatest UID that the client can know; 0 in an empty mailbox. */
uint32_t box_last_uid(const struct box *b);
/* First index whose UID is at least this; box_total() if there is none. */
uint32_t box_find(const struct box *b, uint32_t uid);
/* Holes before index: its number is index - that + 1. */
uint32_t box_holes_before(const struct box *b, uint32_t index);
bool box_is_hole(const struct box *b, uint32_t index);
/* Index of message number seq (1 to box_count()). */
uint32_t box_index(const struct box *b, uint32_t seq);
/* Bit of a keyword, without case; 0 if the mailbox does not have it. */
uint64_t box_keyword(const struct box *b, struct view name);

/* Walk over the known messages of a set, ascending. It survives waits, but not
 * sync. set NULL: all. */
struct walk {
	const struct box *box;
	const struct numset *set;
	bool uid;
	size_t range;
	uint32_t hole;
	uint32_t at, end;		/* indexes */
	uint32_t index, seq;		/* of the message found */
};
void walk_begin(struct walk *w, const struct box *b, const struct numset *set,
    bool uid);
bool walk_next(struct walk *w);

/* The set as text of UIDs, for store. A message that comes after what the
 * client knows is never in it. */
void box_uids(const struct box *b, const struct numset *set, bool uid,
    struct str *out);
/* Of the next so many messages of a walk; false: it has come to its end. */
bool box_uids_next(struct walk *w, uint32_t most, struct str *out);

/* Forget untold changes of messages in the set (of one change, when modseq is
 * not 0): the client has just seen them, or does not care. */
void box_clean(struct box *b, const struct numset *set, bool uid,
    uint64_t modseq);

#endif
