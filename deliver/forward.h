/* SPDX-License-Identifier: ISC */
/*
 * forward - what a user of the system wants done with his mail, forward(5)
 *
 * ~/.forward+DETAIL or ~/.forward, read as the user. Its values become texts: an
 * address "!user@domain", "|command", "/file", "/directory/", or a backslash, his
 * mailbox. Without a file, or with an empty one, that is all.
 */
#ifndef DELIVER_FORWARD_H
#define DELIVER_FORWARD_H

#include "deliver/order.h"
#include "lib/base/why.h"

#define FORWARD_MOST	100	/* values */

/* Append the texts to items, each with its NUL. False with w: the file cannot be
 * read, may have been written by others, or has mistakes: LATER, and the log has
 * file and line. */
bool forward_read(const struct order *o, const char *home,
    const char *delimiters, struct str *items, struct why *w);
/* Does the order's item stand there? False with w. */
bool forward_has(const struct order *o, const char *home,
    const char *delimiters, struct why *w);

/* The values of one text, as above. False with w (LATER), file names it. */
bool forward_parse(struct view text, const struct order *o, const char *file,
    struct str *items, struct why *w);

#endif
