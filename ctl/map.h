/* SPDX-License-Identifier: ISC */
/*
 * map - the text that a table of keys and values is made from
 */
#ifndef CTL_MAP_H
#define CTL_MAP_H

#include "lib/base/str.h"

/* { 0 } before the first. */
struct map_entry {
	size_t line, next;	/* where it begins, and the one behind it */
	struct str text;	/* what the others point into */
	struct view key;	/* without quotes and colon, as it is spelled */
	struct view value;
};

/* Take the next entry, "key value" or "key: value" with what lines that begin
 * with a blank go on with. False at the end, when its text is given back. */
bool map_next(struct view *text, struct map_entry *e);
/* The value of the first entry of key, whatever its case, appended. */
bool map_find(struct view text, struct view key, struct str *value);

#endif
