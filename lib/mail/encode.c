/* SPDX-License-Identifier: ISC */
/*
 * encode - octets to base64 and quoted-printable lines
 *
 * Quoted-printable holds back a blank and a CR until it is known whether a line
 * end follows: a blank before it must be visible. No line begins with "--", so
 * that none can be taken for the boundary of a multipart: a '-' at the beginning
 * of a line is held back, too.
 */
#include "lib/mail/encode.h"

#define LINE_MAX_LENGTH 76

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char digits16[] = "0123456789ABCDEF";

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
		if (text[0] == '-') {
			text = "=2D";
			n = 3;
		}
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

/* Held is [blank or '-'] [CR]; a CR LF behind a blank makes it visible. */
static void
qp_encode_octet(struct encode *e, unsigned char c, struct str *out)
{
	bool cr = e->have > 0 && e->held[e->have - 1] == '\r';

	if (cr && c == '\n') {
		if (e->have == 2)
			qp_put_octet(e, e->held[0], e->held[0] != '-', out);
		str_addn(out, "\r\n", 2);
		e->have = e->column = 0;
		return;
	}
	if (c == '\r' && !e->binary && !cr) {
		e->held[e->have++] = c;
		return;
	}
	for (unsigned i = 0; i < e->have; i++)
		qp_put_octet(e, e->held[i], e->held[i] == '-' && c == '-',
		    out);
	e->have = 0;
	if (c == ' ' || c == '\t' || (c == '\r' && !e->binary) ||
	    (c == '-' && e->column == 0))
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
