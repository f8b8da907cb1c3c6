/* SPDX-License-Identifier: ISC */
/*
 * mail_mbox - every octet is of one message or of what stands between two
 */
#include "lib/mail/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_bytes(data, size);
	const char *end = rest.p;
	struct mbox_message m;

	while (mbox_next(&rest, &m)) {
		struct str out = { 0 };
		struct mbox_state s;

		must(m.raw.p >= end && m.raw.p + m.raw.n <= rest.p + rest.n);
		end = m.raw.p + m.raw.n;
		mbox_read(m.raw, &out, &s);
		must(out.n <= m.raw.n);
		must(strspn(s.letters, "DFRST") == strlen(s.letters));
		str_free(&out);
	}
	return 0;
}
