/* SPDX-License-Identifier: ISC */
/*
 * utf8 - checking and taking characters, and mailbox names in UTF-7
 */
#include <stdlib.h>
#include <uninorm.h>

#include "lib/mail/utf8.h"

bool
utf8_is_ascii(struct view v)
{
	uint64_t word, seen = 0;
	size_t i = 0;

	for (; i + sizeof(word) <= v.n; i += sizeof(word)) {
		memcpy(&word, v.p + i, sizeof(word));
		seen |= word;
	}
	for (; i < v.n; i++)
		seen |= (unsigned char)v.p[i];
	return (seen & 0x8080808080808080u) == 0;
}

/* Length of the character at p, 0 if it is none; *c is its number. */
static size_t
decode_char(const unsigned char *p, size_t n, uint32_t *c)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 :
	    p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;

	if (len == 0 || len > n)
		return 0;
	*c = len == 1 ? p[0] : p[0] & (0xFFu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3F);
	}
	if ((len == 3 && (*c < 0x800 || (*c >= 0xD800 && *c < 0xE000))) ||
	    (len == 4 && (*c < 0x10000 || *c > 0x10FFFF)))
		return 0;
	return len;
}

bool
utf8_valid(struct view v)
{
	const unsigned char *p = (const unsigned char *)v.p;
	uint32_t c;

	for (size_t i = 0, len; i < v.n; i += len) {
		len = p[i] < 0x80 ? 1 : decode_char(p + i, v.n - i, &c);
		if (len == 0)
			return false;
	}
	return true;
}

bool
utf8_get(struct view *v, uint32_t *c)
{
	size_t len = decode_char((const unsigned char *)v->p, v->n, c);

	*v = view_skip(*v, len ? len : 1);
	if (len == 0)
		*c = UTF8_REPLACEMENT;
	return len != 0;
}

void
utf8_put(struct str *out, uint32_t c)
{
	char b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
		c = UTF8_REPLACEMENT;
		n = 3;
	}
	for (size_t i = n; i-- > 1; c >>= 6)
		b[i] = (char)(0x80 | (c & 0x3F));
	b[0] = (char)(lead[n] | c);
	str_addn(out, b, n);
}

/* Modified base64: ',' for '/', no padding (RFC 3501 5.1.3). */
static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct shifted {
	uint32_t bits;
	unsigned have;
};

static void
shift_put16(struct shifted *s, uint32_t unit, struct str *out)
{
	uint64_t bits = (uint64_t)s->bits << 16 | unit;

	for (s->have += 16; s->have >= 6; s->have -= 6)
		str_addc(out, digits[bits >> (s->have - 6) & 63]);
	s->bits = (uint32_t)bits & 63;
}

static void
shift_put(struct shifted *s, uint32_t c, struct str *out)
{
	if (c < 0x10000) {
		shift_put16(s, c, out);
		return;
	}
	shift_put16(s, 0xD800 + ((c - 0x10000) >> 10), out);
	shift_put16(s, 0xDC00 + ((c - 0x10000) & 0x3FF), out);
}

static void
shift_out(struct shifted *s, struct str *out)
{
	if (s->have > 0)
		str_addc(out, digits[s->bits << (6 - s->have) & 63]);
	str_addc(out, '-');
}

bool
utf7_encode(struct str *out, struct view utf8)
{
	bool in = false;
	struct shifted s;
	uint32_t c;

	if (!utf8_valid(utf8))
		return false;
	while (utf8.n > 0) {
		utf8_get(&utf8, &c);
		if (c < 0x20 || c > 0x7E) {
			if (!in) {
				str_addc(out, '&');
				s = (struct shifted){ 0 };
			}
			in = true;
			shift_put(&s, c, out);
			continue;
		}
		if (in)
			shift_out(&s, out);
		in = false;
		str_addc(out, (char)c);
		if (c == '&')
			str_addc(out, '-');
	}
	if (in)
		shift_out(&s, out);
	return true;
}

/* The characters of one shift sequence (between '&' and '-') as UTF-8. */
static bool
unshift(struct view v, struct str *out)
{
	uint32_t bits = 0, high = 0;
	unsigned have = 0;

	for (size_t i = 0; i < v.n; i++) {
		const char *at = v.p[i] ? strchr(digits, v.p[i]) : NULL;
		uint32_t unit;

		if (at == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(at - digits);
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		unit = bits >> have & 0xFFFF;
		if (high != 0 && (unit & 0xFC00) == 0xDC00)
			utf8_put(out, 0x10000 + ((high - 0xD800) << 10) +
			    (unit - 0xDC00));
		else if (high != 0 || (unit & 0xFC00) == 0xDC00)
			return false;
		else if ((unit & 0xFC00) != 0xD800)
			utf8_put(out, unit);
		high = high == 0 && (unit & 0xFC00) == 0xD800 ? unit : 0;
	}
	return high == 0;
}

/* Decode whatever decodes; the canonical form is checked by the caller. */
static bool
decode_loosely(struct str *out, struct view v)
{
	while (v.n > 0) {
		size_t and = view_find(v, '&'), end;

		str_addn(out, v.p, and);
		if (and == v.n)
			break;
		v = view_skip(v, and + 1);
		end = view_find(v, '-');
		if (end == v.n)
			return false;
		if (end == 0)
			str_addc(out, '&');
		else if (!unshift((struct view){ v.p, end }, out))
			return false;
		v = view_skip(v, end + 1);
	}
	return true;
}

bool
utf7_decode(struct str *out, struct view utf7)
{
	struct str text = { 0 }, again = { 0 };
	bool ok = utf8_is_ascii(utf7) && decode_loosely(&text, utf7) &&
	    utf7_encode(&again, str_view(&text)) &&
	    view_eq(str_view(&again), utf7);

	if (ok)
		str_add(out, str_view(&text));
	str_free(&text);
	str_free(&again);
	return ok;
}

/* ---- normal form ---- */

bool
utf8_normalize(struct str *out, struct view v)
{
	uint8_t *normal;
	size_t n;

	if (!utf8_valid(v))
		return false;
	if (utf8_is_ascii(v)) {
		str_add(out, v);
		return true;
	}
	normal = u8_normalize(UNINORM_NFC, (const uint8_t *)v.p, v.n, NULL, &n);
	if (normal == NULL)
		return false;
	str_addn(out, normal, n);
	free(normal);
	return true;
}
