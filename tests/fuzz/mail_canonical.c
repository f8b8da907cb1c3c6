/* SPDX-License-Identifier: ISC */
/*
 * mail_canonical - any text as a row of a table of addresses
 *
 * The input is a key, a line end and a value. What a value becomes, written, is
 * a value that becomes the same.
 */
#include "lib/mail/canonical.h"
#include "lib/mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_value(const struct address *a, struct arena *arena)
{
	struct str text = { 0 };
	struct address again;

	must(address_is_domain(a->domain, false));
	must(utf8_is_ascii(a->local));
	if (a->local.n > 0)
		address_write(&text, a);
	else
		str_addf(&text, "@%.*s", VIEW(a->domain));
	must(canonical_value(str_view(&text), arena, &again));
	must(view_eq(again.local, a->local) &&
	    view_eq(again.domain, a->domain));
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view value = view_bytes(data, size);
	struct view key = view_cut(&value, '\n');
	struct arena arena;
	struct address a;
	bool fine;

	arena_init(&arena);
	fine = canonical_value(value, &arena, &a);
	if (fine)
		check_value(&a, &arena);
	if (canonical_judge(key, value) == NULL)
		must(fine && key.n > 0);
	arena_reset(&arena);
	return 0;
}
