/* SPDX-License-Identifier: ISC */
/*
 * users_file - read the users file, users(5)
 *
 * A line is "user@domain:{SCHEME}hash", more fields behind another colon are
 * ignored; # begins a comment line. The reader sorts by name, so that the index
 * is written in order, and keeps the first of two lines of one user.
 */
#ifndef MAIL_USERS_FILE_H
#define MAIL_USERS_FILE_H

#include "lib/base/str.h"

/* One line. False for a comment and an empty line (*wrong NULL) and for what
 * is none of a user (*wrong says why). name gets the canonical name, secret
 * points into the line. */
bool users_line(struct view line, struct str *name, struct view *secret,
    const char **wrong);

struct users_entry {
	uint32_t name, secret;		/* offsets into names and the text */
	uint32_t line;
	uint16_t name_n, secret_n;
};

/* What a text says, entries ascending by name. */
struct users_file {
	struct view text;
	struct str names;	/* canonical names in a row */
	struct users_entry *entry;
	size_t n, cap;
	struct view first;	/* name on the first line of the file */
	struct str complaints;	/* lines "LINE: sentence\n" */
	size_t wrong;		/* how many there were, beyond those told */
};

/* The text must outlive f. Touches nothing but f: may run in a thread. False
 * when the text is larger than 4 GiB. */
bool users_file_read(struct users_file *f, struct view text);
void users_file_free(struct users_file *f);
struct view users_file_name(const struct users_file *f, size_t i);
struct view users_file_secret(const struct users_file *f, size_t i);

#endif
