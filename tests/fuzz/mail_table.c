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
		&table_inline };
	const struct table_sink sink = { complain, NULL };
	struct view text = view_bytes(data, size), rest = text, value;
	struct view key = view_cut(&rest, '\n');

	for (size_t i = 0; i < nitems(kinds); i++) {
		void *t = kinds[i]->open(rest, &sink);

		if (kinds[i]->get(t, key, &value))
			must(value.n > 0 && value.p >= rest.p &&
			    value.p + value.n <= rest.p + rest.n);
		kinds[i]->close(t);
	}
	return 0;
}
