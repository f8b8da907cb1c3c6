/* SPDX-License-Identifier: ISC */
/*
 * mail_hop - any text as a hop: what is taken has one text, which reads back
 */
#include "lib/mail/hop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str first = { 0 }, second = { 0 };
	struct arena a = { 0 };
	struct hop h;
	struct why w;

	if (hop_parse(view_bytes(data, size), &a, &h, &w)) {
		hop_write(&h, &first);
		must(first.n > 0 && first.n <= HOP_MAX);
		must(hop_parse(str_view(&first), &a, &h, &w));
		hop_write(&h, &second);
		must(view_eq(str_view(&first), str_view(&second)));
	} else {
		must(w.verdict == VERDICT_NEVER && w.text[0] != '\0');
	}
	str_free(&first);
	str_free(&second);
	arena_reset(&a);
	return 0;
}
