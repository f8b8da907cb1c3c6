/* SPDX-License-Identifier: ISC */
/*
 * mail_header - fields cover the header without gaps; folding can be undone
 */
#include "lib/mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_write(struct view value)
{
	struct str out = { 0 };
	struct header h;
	struct view rest;

	header_write(&out, "Name", value);
	rest = str_view(&out);
	must(header_next(&rest, &h) && rest.n == 0);
	must(view_is(h.name, "Name"));
	str_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_bytes(data, size), rest = text;
	struct arena arena;
	struct header h;

	arena_init(&arena);
	for (const char *at = text.p; header_next(&rest, &h);
	    at += h.whole.n) {
		must(h.whole.p == at && h.whole.n > 0);
		must(h.name.n == 0 || header_is_name(h.name));
		must(header_unfold(h.value, &arena).n <= h.value.n);
	}
	must(rest.p == text.p + header_size(text));
	check_write(text);
	arena_reset(&arena);
	return 0;
}
