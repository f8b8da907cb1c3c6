/* SPDX-License-Identifier: ISC */
/*
 * book - a row of segments on disk, written at the end, dropped at the front
 *
 * There are two: what became of mails, and what was refused, so that a flood of
 * refusals drives out nothing but older refusals. Files are NAME-NUMBER, eight
 * hexadecimal digits, and NAME-NUMBER.rows. Writes are gathered and never
 * synced: the last seconds may be lost. What cannot be written is dropped and
 * counted; nothing here ever fails loudly.
 */
#ifndef HISTORY_BOOK_H
#define HISTORY_BOOK_H

#include "history/print.h"
#include "history/segment.h"

struct leaf {
	uint32_t number;
	uint32_t size;		/* octets of records, with the head */
	uint32_t covered;	/* rows reach so far */
	uint64_t rows;		/* octets of rows */
	int64_t begun;		/* us since 1970 */
	bool mended;		/* rows reach to its end, or will */
};

struct book {
	const char *name;
	int dir;		/* borrowed */
	struct leaf *leaf;	/* by number, ascending; the last is written */
	size_t n;
	int fd, rows_fd;	/* of the last, or -1 */
	struct str out;		/* records that are not on disk */
	struct str rows_out;	/* rows */
	uint32_t out_n;		/* records in out */
	uint32_t block;		/* where the open block begins */
	struct prints prints;	/* of the open block */
	uint64_t lost;		/* events that could not be written */
	uint64_t most;		/* octets of all files */
};

/* Look at what is on disk, cut off what is torn, go on with it. Rows that are
 * missing in older segments are made by book_mend(). */
void book_open(struct book *b, int dir, const char *name);
/* Make rows for a piece of an older segment; false: none is left. */
bool book_mend(struct book *b);
/* One event; octets as event_read() has read them. */
void book_add(struct book *b, struct view octets, const struct event *e);
/* Write what is gathered. */
void book_write(struct book *b);
/* The same with a row for the open block, at the end. */
void book_close(struct book *b);
/* Remove segments whose last event is older than that, us since 1970, or that
 * are too many octets. */
void book_prune(struct book *b, int64_t before);
uint64_t book_size(const struct book *b);
/* Octets of a segment and of its rows; false when they cannot be read. What is
 * gathered must have been written. */
bool book_read(const struct book *b, uint32_t number, uint32_t at,
    uint32_t length, struct str *out);
bool book_read_rows(const struct book *b, uint32_t number, struct str *out);
/* Index of the first segment with this number or a greater one; n if none. */
size_t book_find(const struct book *b, uint32_t number);

/* ---- between book.c and book_open.c ---- */

#define BLOCK	16384	/* octets of a block, and what its last record adds */

enum book_file { BOOK_RECORDS, BOOK_ROWS };
int book_open_file(const struct book *b, uint32_t number, enum book_file f,
    int flags);
void book_close_block(struct book *b, uint32_t end);

#endif
