/* SPDX-License-Identifier: ISC */
/*
 * table - the kinds that there are
 */
#include "lib/mail/table.h"

static const struct table_kind *const kinds[] = { &table_btree, &table_cidr,
	&table_hash, &table_inline, &table_pcre, &table_regexp,
	&table_socketmap, &table_tcp };

const struct table_kind *
table_kind(struct view name, struct view *source)
{
	return table_among(kinds, nitems(kinds), name, source);
}

void
table_path(const struct table_kind *kind, struct view source, struct str *out)
{
	str_add(out, source);
	if (kind->suffix != NULL)
		str_adds(out, kind->suffix);
}
