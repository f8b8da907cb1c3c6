/* SPDX-License-Identifier: ISC */
/*
 * mail_numset - sets stay sorted; written out they are the same set
 */
#include "lib/mail/numset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_bytes(data, size);
	struct numset s;
	struct numset_text t;
	struct arena arena;
	struct str out = { 0 };
	uint32_t n, last = 0;

	arena_init(&arena);
	numset_begin(&t, &out);
	if (numset_parse(in, 1000, &arena, &s)) {
		for (size_t i = 0; i < s.n; i++) {
			must(s.ranges[i].first > last + (i > 0));
			must(s.ranges[i].first <= s.ranges[i].last);
			last = s.ranges[i].last;
		}
		n = numset_next(&s, 1);
		for (int i = 0; i < 2000 && n != 0; i++) {
			must(numset_has(&s, n));
			numset_put(&t, n);
			n = n < UINT32_MAX ? numset_next(&s, n + 1) : 0;
		}
		numset_end(&t);
		must(out.n == 0 || numset_parse(str_view(&out), 1, &arena, &s));
	}
	str_free(&out);
	arena_reset(&arena);
	return 0;
}
