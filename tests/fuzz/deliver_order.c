/* SPDX-License-Identifier: ISC */
/*
 * deliver_order - any nine texts as an order, and any alias file it is looked for
 * in
 */
#include "deliver/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { 0 };
	const char *field[ORDER_FIELDS];
	struct order o;
	size_t at = 0, n = 0;

	str_addn(&text, data, size);
	str_addc(&text, '\n');
	/* lines here, as NULs are hard to write into a corpus */
	for (size_t i = 0; i < text.n && n < ORDER_FIELDS; i++) {
		if (text.p[i] != '\n')
			continue;
		text.p[i] = '\0';
		field[n++] = text.p + at;
		at = i + 1;
	}
	if (n == ORDER_FIELDS && order_take(&o, field)) {
		must(o.target.n > 1 && o.address.n > 0);
		source_names(view_skip(str_view(&text), at), &o, "+-");
	}
	str_free(&text);
	return 0;
}
