/* SPDX-License-Identifier: ISC */
/*
 * idn - by libidn2, strictly
 *
 * No mapping of what people may have meant (UTS 46): a U-label is what is in
 * mail already, and two readers that map differently send it to two places.
 * ASCII, which is nearly all, never reaches the library.
 */
#include <idn2.h>

#include "lib/mail/idn.h"
#include "lib/mail/utf8.h"

static void
lower(struct str *out, struct view v)
{
	str_reset(out);
	for (size_t i = 0; i < v.n; i++)
		str_addc(out, to_lower(v.p[i]));
}

static bool
convert(struct str *name)
{
	uint8_t *ascii = NULL;
	int e = idn2_lookup_u8((const uint8_t *)str_c(name), &ascii,
	    IDN2_NFC_INPUT | IDN2_NO_TR46);

	str_reset(name);
	if (e != IDN2_OK)
		return false;
	str_adds(name, (const char *)ascii);
	idn2_free(ascii);
	return true;
}

bool
idn_ascii(struct str *out, struct view domain)
{
	lower(out, domain);
	if (utf8_is_ascii(domain))
		return true;
	if (domain.n <= IDN_MOST && utf8_valid(domain) &&
	    view_find(domain, '\0') == domain.n)
		return convert(out);
	str_reset(out);
	return false;
}
