/* SPDX-License-Identifier: ISC */
/*
 * mail_addrlist - address lists: bounded, and usable mailboxes stay usable
 */
#include "lib/mail/addrlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct addrlist_entry *e, struct arena *arena)
{
	struct address a, again;
	struct str text = { 0 };

	if (e->kind == ADDRLIST_MAILBOX)
		must(e->local.p != NULL && e->domain.p != NULL);
	if (!addrlist_address(e, ADDRESS_UTF8, &a))
		return;
	address_write(&text, &a);
	if (address_parse(str_view(&text), ADDRESS_UTF8, arena, &again) ==
	    ADDRESS_FINE)
		must(address_same(&a, &again));
	else
		must(text.n + 2 > ADDRESS_LOCAL_MAX);
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrlist l;
	struct arena arena;
	size_t count = 0, octets = 0;

	arena_init(&arena);
	addrlist_init(&l);
	addrlist_add(&l, view_bytes(data, size), 1000, &arena);
	for (const struct addrlist_entry *e = l.first; e; e = e->next) {
		octets += e->name.n + e->route.n + e->local.n + e->domain.n;
		check(e, &arena);
		count++;
	}
	must(count == l.count && count <= 1001 && octets <= 3 * size + 3);
	arena_reset(&arena);
	return 0;
}
