/* SPDX-License-Identifier: ISC */
/*
 * table_name - the words that may stand before a colon
 *
 * Any other word with a colon is the name of a file, as it always was.
 */
#include "lib/base/base.h"
#include "lib/proc/table_name.h"

#define INLINE "inline:"

static const char *const kinds[] = { INLINE, "text:", "cidr:", "regexp:",
	"pcre:", "hash:", "btree:" };

size_t
table_name_kind(struct view name)
{
	for (size_t i = 0; i < nitems(kinds); i++)
		if (view_starts(name, view_of(kinds[i])))
			return strlen(kinds[i]);
	return 0;
}

const char *
table_name_path(const char *name)
{
	if (view_starts(view_of(name), VIEW_LIT(INLINE)))
		return "";
	return name + table_name_kind(view_of(name));
}
