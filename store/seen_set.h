/* SPDX-License-Identifier: ISC */
/*
 * seen_set - what store/seen.c and store/seen_file.c have in common
 */
#ifndef STORE_SEEN_SET_H
#define STORE_SEEN_SET_H

#include "store/seen.h"

#define SEEN_PART	4096	/* UIDs in one row */

struct seen_part {
	uint32_t number;	/* of its first UID, divided by SEEN_PART */
	uint32_t count;		/* bits that are set */
	bool changed;		/* its row is to be written */
	uint8_t bits[SEEN_PART / 8];
};

struct reader {
	LIST_ENTRY(reader) of_mailbox;
	struct seen_part *parts;	/* ascending */
	size_t n, cap;
	uint32_t count;			/* of all parts */
	bool behind;			/* rows were written, the file was not */
	bool loaded;			/* its rows are in parts */
	char user[];
};

/* Rows into memory; false: the index is in trouble. */
bool seen_load(struct mailbox *mb);
/* The reader of that name, in memory. */
struct reader *seen_make(struct mailbox *mb, struct view user);
/* Note that the file has to be written, and have it written. */
void seen_file_due(struct mailbox *mb);

#endif
