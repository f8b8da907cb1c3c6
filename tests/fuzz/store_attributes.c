/* SPDX-License-Identifier: ISC */
/*
 * store_attributes - what comes out of any text is well-formed, and stays so
 */
#include "store/attributes_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attribute change = { VIEW_LIT("a\x80 %"),
		view_bytes(data, size) };
	struct str first = { 0 }, again = { 0 }, changed = { 0 }, value = { 0 };
	size_t n = attributes_text_edit(change.value, NULL, 0, &first);

	must(attributes_text_edit(str_view(&first), NULL, 0, &again) == n);
	must(view_eq(str_view(&first), str_view(&again)));
	must(attributes_text_edit(str_view(&first), &change, 1, &changed) >= n);
	must(attributes_text_get(str_view(&changed), change.name, &value));
	must(view_eq(str_view(&value), change.value));
	str_free(&first);
	str_free(&again);
	str_free(&changed);
	str_free(&value);
	return 0;
}
