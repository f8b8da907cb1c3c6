/* SPDX-License-Identifier: ISC */
/*
 * xtext - two small escapes, there and back
 *
 * Both decoders write first and look at the result once, so that an octet is
 * judged by what it means and not by how it was written.
 */
#include "lib/mail/utf8.h"
#include "lib/mail/xtext.h"

static const char digits[] = "0123456789ABCDEF";

/* Upper case only, as the grammar of both RFCs has it. */
static int
digit_value(char c)
{
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* What may stand as itself. */
static bool
is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

void
xtext_encode(struct str *out, struct view text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_plain(text.p[i])) {
			str_addc(out, text.p[i]);
			continue;
		}
		str_addc(out, '+');
		str_addc(out, digits[c >> 4]);
		str_addc(out, digits[c & 15]);
	}
}

static bool
is_printable(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 127)
			return false;
	return true;
}

bool
xtext_decode(struct str *out, struct view xtext, bool utf8)
{
	size_t from = out->n;
	struct view got;

	for (size_t i = 0; i < xtext.n; i++) {
		int high, low;

		if (is_plain(xtext.p[i])) {
			str_addc(out, xtext.p[i]);
			continue;
		}
		if (xtext.p[i] != '+' || xtext.n - i < 3)
			return false;
		high = digit_value(xtext.p[++i]);
		low = digit_value(xtext.p[++i]);
		if (high < 0 || low < 0)
			return false;
		str_addc(out, (char)(high << 4 | low));
	}
	got = view_skip(str_view(out), from);
	return is_printable(got) &&
	    (utf8 ? utf8_valid(got) : utf8_is_ascii(got));
}

/* Take "\x{...}": two to six digits without a zero in front (but "\x{0A}" is
 * no character of an address, so that no exception is needed), for characters
 * that may not stand as themselves. */
static bool
take_character(struct view *v, uint32_t *c)
{
	size_t n = 0;

	if (!view_starts(*v, VIEW_LIT("\\x{")))
		return false;
	*v = view_skip(*v, 3);
	for (*c = 0; n < v->n && digit_value(v->p[n]) >= 0; n++) {
		if (n == 6 || (n == 0 && v->p[0] == '0'))
			return false;
		*c = *c << 4 | (uint32_t)digit_value(v->p[n]);
	}
	if (n < 2 || n == v->n || v->p[n] != '}')
		return false;
	*v = view_skip(*v, n + 1);
	return *c <= 0x10FFFF && (*c < 0xD800 || *c > 0xDFFF) &&
	    (*c >= 0x80 || *c == ' ' || *c == '+' || *c == '=' || *c == '\\');
}

void
xtext_encode_unicode(struct str *out, struct view utf8)
{
	while (utf8.n > 0) {
		uint32_t c;

		utf8_get(&utf8, &c);
		if (c < 0x80 && is_plain((char)c) && c != '\\')
			str_addc(out, (char)c);
		else
			str_addf(out, "\\x{%02X}", (unsigned)c);
	}
}

bool
xtext_decode_unicode(struct str *out, struct view v, bool eight)
{
	size_t from = out->n;

	while (v.n > 0) {
		uint32_t c;

		if (v.p[0] == '\\') {
			if (!take_character(&v, &c))
				return false;
			utf8_put(out, c);
			continue;
		}
		if (!is_plain(v.p[0]) && !(eight && (v.p[0] & 0x80)))
			return false;
		str_addc(out, v.p[0]);
		v = view_skip(v, 1);
	}
	return utf8_valid(view_skip(str_view(out), from));
}
