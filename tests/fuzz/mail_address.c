/* SPDX-License-Identifier: ISC */
/*
 * mail_address - whatever parses is written and parsed to the same mailbox
 */
#include "lib/mail/address.h"
#include "lib/mail/idn.h"
#include "lib/mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct address *a, unsigned allow, struct arena *arena)
{
	struct address again;
	struct str text = { 0 }, user = { 0 };

	must(a->local.n <= ADDRESS_LOCAL_MAX);
	must(a->domain.n <= ADDRESS_DOMAIN_MAX);
	address_write(&text, a);
	address_canonical_user(&user, a);
	if (!a->null) {
		must(address_parse(str_view(&text), allow, arena, &again) ==
		    ADDRESS_FINE || text.n + 2 > ADDRESS_PATH_MAX);
		must(text.n + 2 > ADDRESS_PATH_MAX ||
		    address_same(a, &again));
	}
	str_free(&text);
	str_free(&user);
}

/* As a domain: what comes out is ASCII, or nothing. */
static void
check_domain(struct view v)
{
	struct str out = { 0 };

	must(idn_ascii(&out, v) ? utf8_is_ascii(str_view(&out)) : out.n == 0);
	str_free(&out);
}

/* The first octet says what is allowed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned allow = size > 0 ? data[0] & 31 : 0;
	struct view text = view_bytes(data + (size > 0), size - (size > 0));
	struct view rest = text, user, detail;
	struct address a;
	struct arena arena;

	check_domain(view_bytes(data, size));
	arena_init(&arena);
	if (address_path(&rest, allow, &arena, &a) == ADDRESS_FINE) {
		must(rest.p >= text.p && rest.p + rest.n == text.p + text.n);
		check(&a, allow, &arena);
		address_detail(a.local, "+-", &user, &detail);
	}
	if (address_parse(text, allow, &arena, &a) == ADDRESS_FINE)
		check(&a, allow, &arena);
	address_is_helo(text, true);
	address_is_domain(text, true);
	arena_reset(&arena);
	return 0;
}
