/* SPDX-License-Identifier: ISC */
/*
 * table_name - the words that may stand before a colon
 *
 * Any other word with a colon is the name of a file, as it always was.
 */
#include "lib/base/base.h"
#include "lib/proc/table_name.h"

static const struct {
	const char *word;
	bool no_file;
} kinds[] = { { "inline:", true }, { "text:", false }, { "cidr:", false },
	{ "regexp:", false }, { "pcre:", false }, { "hash:", false },
	{ "btree:", false }, { "socketmap:", true }, { "tcp:", true } };

size_t
table_name_kind(struct view name)
{
	for (size_t i = 0; i < nitems(kinds); i++)
		if (view_starts(name, view_of(kinds[i].word)))
			return strlen(kinds[i].word);
	return 0;
}

bool
table_name_has_file(struct view name)
{
	for (size_t i = 0; i < nitems(kinds); i++)
		if (kinds[i].no_file &&
		    view_starts(name, view_of(kinds[i].word)))
			return false;
	return true;
}

const char *
table_name_path(const char *name)
{
	return table_name_has_file(view_of(name)) ?
	    name + table_name_kind(view_of(name)) : "";
}
