/* SPDX-License-Identifier: ISC */
/*
 * journal - a directory of segments NNNNNNNN.log of checksummed records
 *
 * The memory of the queue on disk (spool/journal), and what store has of
 * appended messages whose files are not synced (store/held.h). A batch of
 * records is appended and made durable by one journal_write(), which blocks and
 * belongs into a thread. Segments have their full size from the beginning, so
 * that a batch costs the disk one write and no change of metadata. A start reads
 * all segments, oldest first, and begins a new one: nothing is ever written
 * behind a torn end. doc/QUEUE.md tells what may be found there.
 */
#ifndef MAIL_JOURNAL_H
#define MAIL_JOURNAL_H

#include "lib/base/str.h"
#include "lib/base/why.h"

#define SEGMENT_SIZE	(16u << 20)
#define RECORD_MOST	(128u << 10)	/* payload */
#define RECORD_HEAD	16

/* Numbers stand on disk: never used twice. */
enum record_type {
	RECORD_RCPTS = 1,	/* some recipients of the mail that follows */
	RECORD_MAIL = 2,	/* ENVELOPE as it was; read, not written */
	RECORD_VERDICT = 3,	/* how an attempt ended */
	RECORD_SETTLED = 4,	/* recipients about whom no report will be */
	RECORD_DELETED = 5,	/* the mail never was, or is no more */
	RECORD_SYNCED = 7,	/* contents before this place are in their files */
	RECORD_ENVELOPE = 8,	/* with small content; newest counts */
	RECORD_HELD = 9,	/* store's: an appended message */
	RECORD_BEGUN = 10,	/* the first of each segment, told to begun() */
	RECORD_LIMIT
};

/* Where a record stands. */
struct place {
	uint32_t segment, at;
};

bool place_is_before(struct place a, struct place b);

/* Append a record to a batch: begin, payload, end. */
size_t record_begin(struct str *batch, enum record_type type);
void record_end(struct str *batch, size_t begin);
/* RECORD_SYNCED: contents that stand in the journal before this place are in
 * their files. */
void record_synced(struct str *batch, struct place place);
/* The place that it says; false, and place as it was: it makes no sense. */
bool record_read_place(struct view payload, struct place *place);
/* Fill in the checksums of whole records for a segment. */
void journal_seal(uint32_t number, char *p, size_t n);

/* Walk over the bytes of a segment. record() is told each valid record in
 * order, damage() once for each stretch of bytes in front of a valid record
 * that are none. What stands behind the last valid record is a torn end. */
struct journal_reader {
	void *arg;
	void (*record)(void *arg, enum record_type type, struct view payload);
	void (*damage)(void *arg, size_t at, size_t n);
	/* The segment in front of this one had valid records up to there; may
	 * be NULL. Segments of earlier versions do not say so. */
	void (*begun)(void *arg, struct place before);
};
/* Returns the end of the last valid record. */
size_t journal_scan(struct view segment, uint32_t number,
    const struct journal_reader *reader);

struct journal {
	int dir;
	uint32_t number;	/* of the segment that is being written */
	int fd;			/* -1: the next write begins a new one */
	size_t at;		/* the end of the last segment without one */
	struct place before;	/* where the one before this ended */
	int spare;		/* a zeroed file named "spare", or -1 */
};

/* The segments that exist, ascending; the array is the caller's to free.
 * False with errno set. */
bool journal_list(int dir, uint32_t **numbers, size_t *n);
/* "NNNNNNNN.log" */
char *journal_name(uint32_t number, char out[16]);
/* Set at to the end of the segment before number, if it is known and
 * durable. */
void journal_open(struct journal *j, int dir, uint32_t number);
/* Make durable what was read of a segment; false with errno set. */
bool journal_sync(int dir, uint32_t number);
void journal_close(struct journal *j);
/* Make a batch durable; blocks. False with errno set: nothing of it counts, the
 * segment is left for good and the next write begins another. Fills in the
 * checksums of the batch. */
bool journal_write(struct journal *j, struct str *batch);
/* Make a zeroed file for the segment after this one; blocks. Returns its
 * descriptor for journal.spare, -1 with errno set. */
int journal_make_spare(int dir);
/* Remove a segment, or move it to another directory, durably; blocks. */
bool journal_remove(int dir, uint32_t number, int aside);
/* Make a dead segment the spare: what it says is not believed under another
 * number, so nothing need be written. As journal_make_spare(). */
int journal_recycle(int dir, uint32_t number);

#endif
