/* SPDX-License-Identifier: ISC */
/*
 * encode - base64 and quoted-printable as small state machines
 *
 * Base64 goes four digits or three octets at a time where it can; the slow step
 * handles line ends, padding and the borders of chunks. Quoted-printable copies
 * runs between the characters that mean something.
 */
#include "lib/mail/encode.h"

#define LINE_MAX_LENGTH 76

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char digits16[] = "0123456789ABCDEF";

/* The value of a base64 digit plus one; 0: none. */
static const uint8_t value64[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};

enum encoding
encoding_of(struct view name)
{
	static const struct {
		const char *name;
		enum encoding encoding;
	} names[] = {
		{ "", ENCODING_NONE }, { "7bit", ENCODING_NONE },
		{ "8bit", ENCODING_NONE }, { "binary", ENCODING_NONE },
		{ "quoted-printable", ENCODING_QP },
		{ "base64", ENCODING_BASE64 },
	};

	name = view_trim(name);
	for (size_t i = 0; i < nitems(names); i++)
		if (view_isi(name, names[i].name))
			return names[i].encoding;
	return ENCODING_UNKNOWN;
}

static void
four_digits(char *to, const unsigned char *p)
{
	uint32_t bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

	to[0] = digits64[bits >> 18];
	to[1] = digits64[bits >> 12 & 63];
	to[2] = digits64[bits >> 6 & 63];
	to[3] = digits64[bits & 63];
}

void
encode_base64(struct str *out, struct view in)
{
	size_t n = (in.n + 2) / 3 * 4;
	char *to = str_room(out, n);
	const unsigned char *p = (const unsigned char *)in.p;
	unsigned char rest[3] = { 0 };

	if (to == NULL)
		return;
	for (; in.n >= 3; in.n -= 3, p += 3, to += 4)
		four_digits(to, p);
	if (in.n > 0) {
		memcpy(rest, p, in.n);
		four_digits(to, rest);
		memset(to + in.n + 1, '=', 3 - in.n);
	}
	out->n += n;
	out->p[out->n] = '\0';
}

/* Three octets of four digits; false if one of them is none. */
static bool
three_octets(unsigned char *to, const unsigned char *p)
{
	uint32_t a = value64[p[0]], b = value64[p[1]], c = value64[p[2]],
	    d = value64[p[3]], bits;

	if (a == 0 || b == 0 || c == 0 || d == 0)
		return false;
	bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
	to[0] = (unsigned char)(bits >> 16);
	to[1] = (unsigned char)(bits >> 8);
	to[2] = (unsigned char)bits;
	return true;
}

/* How many '=' end the text; a third is found as no digit. */
static size_t
padding(struct view in)
{
	if (in.n < 2 || in.p[in.n - 1] != '=')
		return 0;
	return in.p[in.n - 2] == '=' ? 2 : 1;
}

static bool
decode_quads(unsigned char *to, struct view in, size_t pad)
{
	const unsigned char *p = (const unsigned char *)in.p;
	unsigned char last[4] = "AAAA", three[3];
	size_t i;

	for (i = 0; i + 4 < in.n; i += 4, to += 3)
		if (!three_octets(to, p + i))
			return false;
	memcpy(last, p + i, 4 - pad);
	if (!three_octets(three, last) || (pad > 0 && three[2] != 0) ||
	    (pad > 1 && three[1] != 0))
		return false;
	memcpy(to, three, 3 - pad);
	return true;
}

bool
decode_base64(struct str *out, struct view in)
{
	size_t pad = padding(in);
	unsigned char *to;
	bool ok;

	if (in.n == 0)
		return true;
	to = in.n % 4 ? NULL : (unsigned char *)str_room(out, in.n / 4 * 3);
	if (to == NULL)
		return false;
	ok = decode_quads(to, in, pad);
	if (ok)
		out->n += in.n / 4 * 3 - pad;
	out->p[out->n] = '\0';
	return ok;
}

void
decode_begin(struct decode *d, enum encoding e)
{
	*d = (struct decode){ .encoding = e };
}

/* One octet of base64 text outside the fast path. */
static void
base64_step(struct decode *d, unsigned char c, struct str *out)
{
	if (c == '=') {
		d->ended = true;
		return;
	}
	if (value64[c] == 0) {
		d->damaged |= c != '\r' && c != '\n' && c != ' ' && c != '\t';
		return;
	}
	if (d->ended) {		/* digits behind padding: a new stream */
		d->ended = false;
		d->have = 0;
		d->damaged = true;
	}
	d->bits = (d->bits << 6 | (uint32_t)(value64[c] - 1)) & 0xFFFFFF;
	if (++d->have == 1)
		return;
	str_addc(out, (char)(d->bits >> (8 - 2 * d->have)));
	d->have %= 4;
}

static void
base64_feed(struct decode *d, struct view in, struct str *out)
{
	const unsigned char *p = (const unsigned char *)in.p, *end = p + in.n;

	while (p < end) {
		size_t quads = (size_t)(end - p) / 4;
		unsigned char *to = d->have == 0 && !d->ended && quads > 0 ?
		    (unsigned char *)str_room(out, quads * 3) : NULL;

		for (; to != NULL && quads > 0; quads--, p += 4, to += 3) {
			if (!three_octets(to, p))
				break;
			out->n += 3;
		}
		do {
			if (p < end)
				base64_step(d, *p++, out);
		} while (p < end && (d->have != 0 || d->ended ||
		    value64[*p] == 0));
	}
	if (out->p != NULL)
		out->p[out->n] = '\0';
}

/* States of qp behind a '='. */
enum { ESCAPE_NO, ESCAPE_BEGUN, ESCAPE_DIGIT, ESCAPE_SOFT };

static int
value16(char c)
{
	if (is_digit(c))
		return c - '0';
	c = to_upper(c);
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The escape is none: give it out as it stood. The octet stays to be read. */
static bool
qp_broken(struct decode *d, struct str *out)
{
	str_addc(out, '=');
	if (d->escape == ESCAPE_DIGIT)
		str_addc(out, (char)d->digit);
	d->escape = ESCAPE_NO;
	d->damaged = true;
	return false;
}

/* An octet behind '='; true if it was used up. */
static bool
qp_escape(struct decode *d, char c, struct str *out)
{
	if (d->escape == ESCAPE_DIGIT) {
		if (value16(c) < 0)
			return qp_broken(d, out);
		str_addc(out, (char)(value16((char)d->digit) << 4 |
		    value16(c)));
		d->escape = ESCAPE_NO;
		return true;
	}
	if (c == '\n') {
		d->escape = ESCAPE_NO;
		return true;
	}
	if (c == ' ' || c == '\t' || c == '\r') {
		d->escape = ESCAPE_SOFT;
		return true;
	}
	if (d->escape == ESCAPE_SOFT || value16(c) < 0)
		return qp_broken(d, out);
	d->digit = (unsigned char)c;
	d->escape = ESCAPE_DIGIT;
	return true;
}

static void
cut(struct str *out, size_t n)
{
	out->n = n;
	if (out->p != NULL)
		out->p[n] = '\0';
}

/* Where the blanks (and a CR) at the end of out begin, not before keep. */
static size_t
trailing(const struct str *out, size_t keep)
{
	size_t n = out->n;

	if (n > keep && out->p[n - 1] == '\r')
		n--;
	while (n > keep && (out->p[n - 1] == ' ' || out->p[n - 1] == '\t'))
		n--;
	return n;
}

/* A line end: blanks before it were added on the way (RFC 2045 6.7 rule 3). */
static void
qp_line_end(struct str *out, size_t keep)
{
	bool cr = out->n > keep && out->p[out->n - 1] == '\r';

	cut(out, trailing(out, keep));
	str_adds(out, cr ? "\r\n" : "\n");
}

static void
qp_feed(struct decode *d, struct view in, struct str *out)
{
	const char *p = in.p, *end = in.p + in.n;
	size_t keep = out->n;	/* what stands before is no loose blank */

	str_addn(out, d->white, d->held);
	d->held = 0;
	while (p < end) {
		const char *from = p;

		if (d->escape != ESCAPE_NO) {
			p += qp_escape(d, *p, out);
			keep = out->n;
			continue;
		}
		while (p < end && *p != '=' && *p != '\n')
			p++;
		str_addn(out, from, (size_t)(p - from));
		if (p == end)
			break;
		if (*p++ == '=') {
			d->escape = ESCAPE_BEGUN;
		} else {
			qp_line_end(out, keep);
			keep = out->n;
		}
	}
	keep = trailing(out, keep);
	if (d->escape == ESCAPE_NO && out->n - keep <= sizeof(d->white)) {
		d->held = out->n - keep;
		if (d->held > 0)
			memcpy(d->white, out->p + keep, d->held);
		cut(out, keep);
	}
}

void
decode_feed(struct decode *d, struct view in, struct str *out)
{
	if (in.n == 0)
		return;
	if (d->encoding == ENCODING_BASE64)
		base64_feed(d, in, out);
	else if (d->encoding == ENCODING_QP)
		qp_feed(d, in, out);
	else
		str_add(out, in);
}

bool
decode_end(struct decode *d, struct str *out)
{
	if (d->escape == ESCAPE_BEGUN || d->escape == ESCAPE_DIGIT)
		qp_broken(d, out);
	d->escape = ESCAPE_NO;
	d->held = 0;		/* blanks at the very end go, too */
	if (d->have == 1 || (d->have > 0 && !d->ended))
		d->damaged = true;
	return !d->damaged;
}

void
encode_begin(struct encode *e, enum encoding encoding, bool binary)
{
	*e = (struct encode){ .encoding = encoding, .binary = binary };
}

static void
base64_line(struct encode *e, const unsigned char *p, struct str *out)
{
	char four[4];

	if (e->column == LINE_MAX_LENGTH) {
		str_addn(out, "\r\n", 2);
		e->column = 0;
	}
	four_digits(four, p);
	str_addn(out, four, 4);
	e->column += 4;
}

static void
base64_encode_feed(struct encode *e, struct view in, struct str *out)
{
	const unsigned char *p = (const unsigned char *)in.p, *end = p + in.n;

	while (p < end && e->have > 0) {
		e->held[e->have++] = *p++;
		if (e->have == 3) {
			base64_line(e, e->held, out);
			e->have = 0;
		}
	}
	for (; end - p >= 3; p += 3)
		base64_line(e, p, out);
	while (p < end)
		e->held[e->have++] = *p++;
}

/* Write one character of n octets, after a soft line break if needed. */
static void
qp_put(struct encode *e, const char *text, unsigned n, struct str *out)
{
	if (e->column + n > LINE_MAX_LENGTH - 1) {
		str_addn(out, "=\r\n", 3);
		e->column = 0;
	}
	str_addn(out, text, n);
	e->column += n;
}

static void
qp_put_octet(struct encode *e, unsigned char c, bool escape, struct str *out)
{
	char text[3] = { '=', digits16[c >> 4], digits16[c & 15] };

	if (escape || c == '=' || c > '~' || (c < ' ' && c != '\t'))
		qp_put(e, text, 3, out);
	else
		qp_put(e, (char *)&c, 1, out);
}

/* Held is [blank] [CR]; a CR LF behind a blank makes the blank visible. */
static void
qp_encode_octet(struct encode *e, unsigned char c, struct str *out)
{
	bool cr = e->have > 0 && e->held[e->have - 1] == '\r';

	if (cr && c == '\n') {
		if (e->have == 2)
			qp_put_octet(e, e->held[0], true, out);
		str_addn(out, "\r\n", 2);
		e->have = e->column = 0;
		return;
	}
	if (c == '\r' && !e->binary && !cr) {
		e->held[e->have++] = c;
		return;
	}
	for (unsigned i = 0; i < e->have; i++)
		qp_put_octet(e, e->held[i], false, out);
	e->have = 0;
	if (c == ' ' || c == '\t' || (c == '\r' && !e->binary))
		e->held[e->have++] = c;
	else
		qp_put_octet(e, c, false, out);
}

void
encode_feed(struct encode *e, struct view in, struct str *out)
{
	if (e->encoding == ENCODING_BASE64)
		base64_encode_feed(e, in, out);
	else if (e->encoding == ENCODING_QP)
		for (size_t i = 0; i < in.n; i++)
			qp_encode_octet(e, (unsigned char)in.p[i], out);
	else
		str_add(out, in);
}

void
encode_end(struct encode *e, struct str *out)
{
	char four[4];

	if (e->encoding == ENCODING_QP) {
		for (unsigned i = 0; i < e->have; i++)
			qp_put_octet(e, e->held[i], true, out);
		return;
	}
	if (e->encoding != ENCODING_BASE64)
		return;
	if (e->have > 0) {
		memset(e->held + e->have, 0, 3 - e->have);
		four_digits(four, e->held);
		memset(four + e->have + 1, '=', 3 - e->have);
		if (e->column == LINE_MAX_LENGTH)
			str_addn(out, "\r\n", 2);
		str_addn(out, four, 4);
		e->column = 4;
	}
	if (e->column > 0)
		str_addn(out, "\r\n", 2);
}
