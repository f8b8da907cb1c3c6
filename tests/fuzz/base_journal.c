/* SPDX-License-Identifier: ISC */
/*
 * base_journal - whatever stands in a line, each field is one line of the entry
 */
#include "lib/base/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = { 0 }, out = { 0 };
	struct view rest;

	/* as log_line() leaves it */
	for (size_t i = 0; i < size && i < 2000; i++)
		str_addc(&line, data[i] < 32 || data[i] > 126 ? '?' :
				(char)data[i]);
	journal_entry(&out, "posthouse/smtpd", 1, 6, str_view(&line));
	rest = str_view(&out);
	must(out.n < 2 * line.n + 400);
	while (rest.n > 0) {
		struct view one = view_cut(&rest, '\n');
		struct view name = view_cut(&one, '=');

		must(name.n > 0 && name.n < 30);
		for (size_t i = 0; i < name.n; i++)
			must(name.p[i] == '_' ||
			    (name.p[i] >= 'A' && name.p[i] <= 'Z'));
	}
	str_free(&line);
	str_free(&out);
	return 0;
}
