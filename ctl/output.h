/* SPDX-License-Identifier: ISC */
/*
 * output - tables for people, JSON for programs
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <jansson.h>

#include "lib/base/str.h"

#define TABLE_COLUMNS	10

/* Cells are added from left to right; the row ends by itself. { 0 } with the
 * number of columns is an empty table. */
struct table {
	size_t columns, cells;
	size_t width[TABLE_COLUMNS];
	struct str text;	/* cells in a row, each closed by a NUL */
};

void table_add(struct table *t, const char *fmt, ...) PRINTF(2, 3);
void table_clear(struct table *t);
/* Print and empty it. The last column is not padded. */
void table_print(struct table *t);

/* Text that may hold any octets. In what is not all UTF-8 the other octets, and
 * backslashes, become "\xNN". Never NULL. */
json_t *output_text(struct view v);
/* Print, with a newline, and release. */
void output_json(json_t *j);
/* The same on one line. */
void output_json_line(json_t *j);
/* "2026-11-23 17:20:11", local time, in one of four rotating buffers. */
const char *output_time(int64_t seconds);
/* Take a character from the front of *v (not empty) for a terminal: controls, C1
 * as well, and what is no UTF-8 become '?'. */
struct view output_char(struct view *v);
/* Foreign text as such characters, in rotating buffers of 255 octets. */
const char *output_clean(struct view v);

#endif
