/* SPDX-License-Identifier: ISC */
/*
 * extent - which segments there have to be, and how far the newest went
 *
 * A small file beside the segments, spool/journal/extent. A start holds it
 * against what is there: so a segment that is missing at either end of the
 * journal, or a newest one that was cut, does not look like one that never was.
 * It never promises more than what is durable, and may lag behind.
 */
#ifndef QUEUE_EXTENT_H
#define QUEUE_EXTENT_H

#include "lib/mail/journal.h"

struct extent {
	uint32_t oldest;	/* 0: there is no such file; older ones may go */
	struct place reached;	/* what stands before it is durable */
};

/* What the file in dir, spool/journal, says. False with errno set when it
 * cannot be read. */
bool extent_read(int dir, struct extent *e);
/* Go on from there, with a new file when there was none. False with errno set
 * when it cannot be opened. */
bool extent_start(int dir, const struct extent *e);

/* In threads; these block. */

/* All before this place is durable. Durable itself when the segment is another
 * one than it says, else when the system has time. */
void extent_reached(struct place p);
/* Segments before oldest may go; durably. False with errno set. */
bool extent_raise(uint32_t oldest);
/* Durably what was reached. */
void extent_sync(void);

#endif
