/* SPDX-License-Identifier: ISC */
/*
 * segment - the form of history's files
 *
 * A segment is a head and records in the order in which they came; a record is
 * checksum (u32), length (u32) and an event of lib/mail/event.h. Beside it
 * stands a file of rows: a row is made for a block of records (16 KiB or so)
 * and has the prints (history/print.h) of all that one may ask for in it, in
 * order. To find something is to go through the rows, four octets for each
 * thing, and to read the blocks that can have it.
 *
 * Both grow at their end alone, and are read up to the first thing that is
 * wrong. Rows can be made again from the segment.
 */
#ifndef HISTORY_SEGMENT_H
#define HISTORY_SEGMENT_H

#include "lib/base/str.h"

#define SEGMENT_HEAD	16

void segment_put_head(struct str *out, int64_t begun);
/* False for what is no segment of ours. begun: us since 1970. */
bool segment_read_head(struct view head, int64_t *begun);
void segment_put(struct str *out, struct view event);

/* TORN: what is left is no record. */
enum segment_end { SEGMENT_MORE, SEGMENT_END, SEGMENT_TORN };
/* Take the next record from the front of *rest. */
enum segment_end segment_next(struct view *rest, struct view *event);

struct row {
	uint32_t at, length;	/* of the block in its segment */
	struct view prints;	/* u32 each, ascending */
};

/* Sorts the prints and leaves out what is there twice. */
void row_put(struct str *out, struct row block, uint32_t *prints, size_t n);
/* Take the next row. Blocks follow each other: one that begins elsewhere than
 * at `at` is TORN. */
enum segment_end row_next(struct view *rest, uint32_t at, struct row *r);
/* Does it have one of these? Ascending, too. */
bool row_has(const struct row *r, const uint32_t *prints, size_t n);

#endif
