/* SPDX-License-Identifier: ISC */
/*
 * address_domain - what stands behind the '@', and in HELO
 *
 * Names are checked as RFC 5321 writes them (letters, digits, hyphens), not
 * asked of the DNS; literals are checked by the C library's own parser.
 */
#include <arpa/inet.h>

#include "lib/mail/address.h"
#include "lib/mail/idn.h"
#include "lib/mail/utf8.h"

#define LABEL_MAX 63

static bool
is_label(struct view v, bool utf8)
{
	if (v.n == 0 || v.n > LABEL_MAX || v.p[0] == '-' ||
	    v.p[v.n - 1] == '-')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && v.p[i] != '-' &&
		    !(utf8 && (unsigned char)v.p[i] >= 0x80))
			return false;
	return true;
}

static bool
is_idn(struct view v)
{
	struct str ascii = { 0 };
	bool ok = idn_ascii(&ascii, v);

	str_free(&ascii);
	return ok;
}

bool
address_is_below(struct view name, struct view domain)
{
	return name.n > domain.n && view_ends(name, domain) &&
	       name.p[name.n - domain.n - 1] == '.';
}

bool
address_is_domain(struct view v, bool utf8)
{
	struct view whole = v;

	if (v.n == 0 || v.n > ADDRESS_DOMAIN_MAX || v.p[v.n - 1] == '.' ||
	    (utf8 && !utf8_valid(v)))
		return false;
	while (v.n > 0)
		if (!is_label(view_cut(&v, '.'), utf8))
			return false;
	return utf8_is_ascii(whole) || is_idn(whole);
}

bool
address_is_ip(struct view v, int family, char written[ADDRESS_IP_SIZE])
{
	char text[ADDRESS_IP_SIZE];
	struct in6_addr bits;

	if (v.n >= sizeof(text) || view_find(v, '\0') < v.n)
		return false;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	if (inet_pton(family, text, &bits) != 1)
		return false;
	if (written != NULL)
		inet_ntop(family, &bits, written, ADDRESS_IP_SIZE);
	return true;
}

/* tag ":" 1*dcontent; an '@' inside would make user names ambiguous. */
static bool
is_general_literal(struct view v)
{
	struct view tag = view_cut(&v, ':');

	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~' || v.p[i] == '[' ||
		    v.p[i] == '\\' || v.p[i] == ']' || v.p[i] == '@')
			return false;
	return v.n > 0 && is_label(tag, false);
}

bool
address_is_literal(struct view v)
{
	if (v.n < 3 || v.n > ADDRESS_DOMAIN_MAX || v.p[0] != '[' ||
	    v.p[v.n - 1] != ']')
		return false;
	v = (struct view){ v.p + 1, v.n - 2 };
	if (view_startsi(v, VIEW_LIT("IPv6:")))
		return address_is_ip(view_skip(v, 5), AF_INET6, NULL);
	return address_is_ip(v, AF_INET, NULL) || is_general_literal(v);
}

bool
address_is_helo(struct view v, bool tolerant)
{
	if (address_is_domain(v, false) || address_is_literal(v))
		return true;
	if (!tolerant || v.n == 0 || v.n > ADDRESS_DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) &&
		    (v.p[i] == '\0' || strchr("-_.:[]", v.p[i]) == NULL))
			return false;
	return true;
}
