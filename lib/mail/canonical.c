/* SPDX-License-Identifier: ISC */
/*
 * canonical - keys and values, each with or without a local part
 */
#include "lib/mail/canonical.h"
#include "lib/mail/idn.h"
#include "lib/mail/utf8.h"

bool
canonical_domain(struct view domain, struct arena *a, struct view *out)
{
	struct str ascii = { 0 };
	bool ok = domain.n <= ADDRESS_DOMAIN_MAX && idn_ascii(&ascii, domain) &&
		  ascii.n <= ADDRESS_DOMAIN_MAX &&
		  address_is_domain(str_view(&ascii), false);

	if (ok)
		*out = arena_view(a, str_view(&ascii));
	str_free(&ascii);
	return ok;
}

/* A name that could not be told to every server would hide nothing. */
bool
canonical_value(struct view value, struct arena *a, struct address *out)
{
	if (value.n > 0 && value.p[0] == '@')
		*out = (struct address){ .local = VIEW_NONE,
			.domain = view_skip(value, 1) };
	else if (address_parse(value, ADDRESS_UTF8, a, out) != ADDRESS_FINE)
		return false;
	return utf8_is_ascii(out->local) &&
	       canonical_domain(out->domain, a, &out->domain);
}

static bool
is_key(struct view key)
{
	size_t at = view_rfind(key, '@');

	if (view_find(key, '"') < key.n)
		return false;
	return at == key.n ? key.n > 0 :
	    address_is_domain(view_skip(key, at + 1), false);
}

const char *
canonical_judge(struct view key, struct view value)
{
	struct arena arena = { 0 };
	struct address a;
	bool fine = canonical_value(value, &arena, &a);

	arena_reset(&arena);
	if (!is_key(key))
		return "What an address is looked up by is user@domain, user or"
		       " @domain, without quotes, and the domain with A-labels";
	return fine ? NULL : "An address becomes user@domain, or @domain, and "
			     "the user can have ASCII only";
}
