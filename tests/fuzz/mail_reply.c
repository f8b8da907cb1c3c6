/* SPDX-License-Identifier: ISC */
/*
 * mail_reply - replies keep their limits and are read back
 */
#include "lib/mail/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size), rest;
	struct reply_line line;
	struct str out = { 0 };

	if (reply_parse(in, &line))
		must(line.code >= 200 && line.code <= 599);
	reply_text(&out, 550, "5.7.1", in);
	for (rest = str_view(&out); rest.n > 0;) {
		struct view one = view_cut(&rest, '\n');

		must(one.n > 0 && one.n < REPLY_LINE_MAX);
		must(one.p[one.n - 1] == '\r');
		one.n--;
		must(view_find(one, '\r') == one.n);
		must(reply_parse(one, &line));
		must(line.code == 550 && line.last == (rest.n == 0));
		must(view_is(line.status, "5.7.1"));
	}
	str_free(&out);
	return 0;
}
