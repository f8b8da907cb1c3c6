/* SPDX-License-Identifier: ISC */
/*
 * table_name - "kind:path" as the value of a setting that names a table
 *
 * A file without a kind, or of kind text, is a text file, and its name is just
 * the path. "inline:{...}" has no file, and neither has a table that is asked over a
 * socket; that of a database has a suffix more than the path. Which kinds are of use where, the setting
 * says; what they are, lib/mail/table.h.
 */
#ifndef PROC_TABLE_NAME_H
#define PROC_TABLE_NAME_H

#include "lib/base/view.h"

/* The octets of "kind:" in front of the name, 0 for a plain path. */
size_t table_name_kind(struct view name);
/* Is it more than a plain path? */
static inline bool
table_name_has_kind(struct view name)
{
	return table_name_kind(name) > 0;
}
/* Is it a path, or has it one? */
bool table_name_has_file(struct view name);
/* The path that a NUL-terminated name has; "" without a file. */
const char *table_name_path(const char *name);

#endif
