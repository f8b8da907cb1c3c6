/* SPDX-License-Identifier: ISC */
/*
 * decode - base64 and quoted-printable back to octets
 *
 * Base64 goes four digits at a time where it can; the slow step handles line
 * ends, padding and the borders of chunks. Quoted-printable copies runs and
 * takes back the blanks that turn out to end a line.
 */
#include "lib/mail/encode.h"

/* The value of a base64 digit plus one; 0: none. */
static const uint8_t value64[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};

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
