/* SPDX-License-Identifier: ISC */
/*
 * db_file - read a file of Berkeley DB that another program has made
 *
 * The two formats that Postfix's postmap writes, hash and btree of the versions
 * 4 to 5.3, in either order of octets. The file comes as a text in memory, and
 * nothing in it is believed: each page is read once at most, so time and memory
 * are bounded by its size whatever it says. Pages that lead nowhere, keys in the
 * wrong place and counts that differ end the reading; a turned bit in the middle
 * of a value is not seen, as these files have no checksums.
 */
#ifndef MAIL_DB_FILE_H
#define MAIL_DB_FILE_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

enum db_file_kind { DB_FILE_HASH, DB_FILE_BTREE };

struct db_file_sink {
	/* One pair as it stands there. What is larger than a page lives in the
	 * arena, the rest in the text. False, with the reason in wrong, ends it. */
	bool (*pair)(void *arg, struct view key, struct view value,
	    struct str *wrong);
	void *arg;
};

/* True when all of it was read. Else wrong says why, and what was given so far
 * is worth nothing. */
bool db_file_read(struct view text, enum db_file_kind kind, struct arena *a,
    const struct db_file_sink *sink, struct str *wrong);

#endif
