/* SPDX-License-Identifier: ISC */
/*
 * mail_table - any text as a table of each kind, and as what is looked up in it
 */
#include "lib/mail/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
complain(void *arg UNUSED, size_t line, const char *sentence)
{
	must(line > 0 && sentence[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct table_kind *const kinds[] = { &table_cidr,
		&table_inline, &table_pcre, &table_regexp, &table_text };
	const struct table_sink sink = { complain, NULL, NULL };
	struct view text = view_bytes(data, size), rest = text;
	struct view key = view_cut(&rest, '\n');

	for (size_t i = 0; i < nitems(kinds); i++) {
		void *t = kinds[i]->open(rest, &sink);

		struct str value = { 0 };
		size_t line = 0;

		/* only the groups of a result can be longer than the text */
		if (kinds[i]->get(t, key, &value, &line) == TABLE_FOUND)
			must(value.n <= rest.n * (1 + key.n) &&
			    line > 0 && line <= rest.n + 1);
		else
			must(value.n == 0);
		str_free(&value);
		kinds[i]->close(t);
	}
	return 0;
}
