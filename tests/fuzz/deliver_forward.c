/* SPDX-License-Identifier: ISC */
/*
 * deliver_forward - any text as a .forward: what comes of it can be carried out
 */
#include "deliver/forward.h"
#include "lib/base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const field[ORDER_FIELDS] = { "0000000000000001",
		"0", "0", "0", "0", "s@x.test", "o@x.test", "bob+d@x.test",
		"~bob" };
	const char *again[ORDER_FIELDS];
	struct str items = { 0 }, target = { 0 };
	struct order o;
	struct why w;
	struct view all;

	log_open("fuzz", "fuzz", -1, LOG_LEVEL_ERROR);
	must(order_take(&o, field));
	if (!forward_parse(view_bytes(data, size), &o, "/no/.forward", &items,
		&w))
		must(w.verdict == VERDICT_LATER && w.text[0] != '\0');
	all = str_view(&items);
	while (all.n > 0) {
		str_reset(&target);
		str_addf(&target, "~bob ");
		str_add(&target, view_cut(&all, '\0'));
		memcpy(again, field, sizeof(field));
		again[ORDER_FIELDS - 1] = str_c(&target);
		must(order_take(&o, again));
		must(o.item.n > 0 && view_is(o.user, "bob"));
	}
	str_free(&items);
	str_free(&target);
	return 0;
}
