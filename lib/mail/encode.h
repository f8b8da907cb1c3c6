/* SPDX-License-Identifier: ISC */
/*
 * encode - base64 and quoted-printable, whole and in chunks (RFC 2045, 4648)
 *
 * Chunked use: _begin, _feed as often as there is input, _end. Chunks may be
 * cut anywhere. Decoders are tolerant: what cannot be decoded is passed over or
 * passed through, and `damaged` is set. decode_base64() is the strict one.
 */
#ifndef MAIL_ENCODE_H
#define MAIL_ENCODE_H

#include "lib/base/str.h"

enum encoding {
	ENCODING_NONE,		/* 7bit, 8bit, binary */
	ENCODING_QP,
	ENCODING_BASE64,
	ENCODING_UNKNOWN
};
/* Of a Content-Transfer-Encoding value; absent or empty is NONE. */
enum encoding encoding_of(struct view name);

/* One line with padding, no line end. */
void encode_base64(struct str *out, struct view in);
/* Canonical base64 only: full padding, no blanks, zero trailing bits. On false
 * nothing was added. For SASL, keys and hashes. */
bool decode_base64(struct str *out, struct view in);

struct decode {
	enum encoding encoding;
	bool damaged;
	bool ended;		/* base64: padding was seen */
	unsigned char escape;	/* qp: how far into "=XX" or "= CR LF" */
	unsigned char digit;	/* qp: the first hex digit */
	unsigned have;		/* base64: digits in bits */
	uint32_t bits;		/* base64: what is not yet a byte */
	size_t held;		/* qp: blanks that may be trailing */
	char white[256];
};
/* NONE and UNKNOWN copy. */
void decode_begin(struct decode *d, enum encoding e);
void decode_feed(struct decode *d, struct view in, struct str *out);
/* Give out what was held back; returns !damaged. */
bool decode_end(struct decode *d, struct str *out);

struct encode {
	enum encoding encoding;
	bool binary;		/* qp: CR LF is data, not a line end */
	unsigned column;
	unsigned have;
	unsigned char held[3];
};
/* Lines of at most 76 octets that end with CR LF; text line ends in
 * quoted-printable input are CR LF (a lone CR or LF is encoded). No line begins
 * with "--", as the boundaries of multiparts do. */
void encode_begin(struct encode *e, enum encoding encoding, bool binary);
void encode_feed(struct encode *e, struct view in, struct str *out);
void encode_end(struct encode *e, struct str *out);

#endif
