/* SPDX-License-Identifier: ISC */
/*
 * attributes_text - named values of a mailbox as lines of text
 *
 * "name SP value" a line, sorted by name, each name once. What is no printable
 * ASCII stands as "%XX", and so does '%', and a blank in a name. Whoever may
 * write in the Maildir may write this file, so lines that make no sense are
 * passed over; what is written is always well-formed. Pure functions.
 */
#ifndef STORE_ATTRIBUTES_TEXT_H
#define STORE_ATTRIBUTES_TEXT_H

#include "lib/base/str.h"

#define ATTRIBUTES_TEXT_MAX	(200 * 1024)	/* fits into one message */
#define ATTRIBUTES_MOST		1000

struct attribute {
	struct view name;
	struct view value;	/* p NULL: to be removed */
};

/* Call f with each whose name begins with prefix, decoded, until it returns
 * false; the views live as long as the call. False if f stopped it. */
bool attributes_text_each(struct view text, struct view prefix,
    bool (*f)(void *arg, struct view name, struct view value), void *arg);
/* Append the value of one; false: it is not there. */
bool attributes_text_get(struct view text, struct view name,
    struct str *value);
/* Append the text with these changes; the last of several for one name counts.
 * With none it comes out well-formed. Returns how many there are. */
size_t attributes_text_edit(struct view text, const struct attribute *changes,
    size_t n, struct str *out);

#endif
