/* SPDX-License-Identifier: ISC */
/*
 * mail_uidlist - UIDs ascend, names are not empty, views lie in the text
 */
#include "lib/mail/uidlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size);
	struct uidlist l;
	struct uidlist_line line;
	uint32_t last = 0;

	if (!uidlist_begin(&l, text))
		return 0;
	must(l.uidvalidity != 0);
	while (uidlist_next(&l, &line)) {
		must(line.uid > last && line.uid < l.uidnext);
		must(line.base.n > 0 && line.base.p >= text.p &&
		    line.base.p + line.base.n <= text.p + text.n);
		must(line.uidl.n <= text.n);
		last = line.uid;
	}
	return 0;
}
