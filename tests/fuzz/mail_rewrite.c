/* SPDX-License-Identifier: ISC */
/*
 * mail_rewrite - nothing changes unless it is said, and then only that
 */
#include "lib/mail/header.h"
#include "lib/mail/rewrite.h"

#define NEW "somebody@public.example"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same addresses, but for every other one. */
static void
check(const struct rewrite *old, const struct rewrite *new)
{
	must(new->n == old->n);
	for (size_t i = 0; i < new->n; i++)
		must(view_eq(new->spot[i].address, i % 2 == 0 ?
		    VIEW_LIT(NEW) : old->spot[i].address));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view header = view_bytes(data, size);
	struct rewrite r, again;
	struct arena arena = { 0 };
	struct str out = { 0 };

	header.n = header_size(header);
	if (rewrite_find(header, &arena, &r)) {
		rewrite_write(&r, &out);
		must(view_eq(str_view(&out), header));
		str_reset(&out);
		for (size_t i = 0; i < r.n; i += 2)
			r.spot[i].to = VIEW_LIT(NEW);
		rewrite_write(&r, &out);
		must(header_size(str_view(&out)) == out.n);
		must(rewrite_find(str_view(&out), &arena, &again));
		check(&r, &again);
	}
	str_free(&out);
	arena_reset(&arena);
	return 0;
}
