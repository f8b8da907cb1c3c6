/* SPDX-License-Identifier: ISC */
/*
 * xtext - how ESMTP parameters carry any text (RFC 3461 4, RFC 6533 3)
 *
 * xtext writes what is no printable ASCII, and '+' and '=', as "+" and two
 * upper-case hexadecimal digits. An original recipient of type utf-8 has forms
 * of its own, with "\x{20AC}" for a character. Decoding is strict: what
 * the grammar does not say is refused, and what comes out is fit for a field of
 * a report: no controls, no NUL.
 */
#ifndef MAIL_XTEXT_H
#define MAIL_XTEXT_H

#include "lib/base/str.h"

/* Append text (any octets) as xtext. */
void xtext_encode(struct str *out, struct view text);
/* Append valid UTF-8 without controls as utf-8-addr-xtext, which is ASCII. */
void xtext_encode_unicode(struct str *out, struct view utf8);
/* Append the decoded text. False, and nothing of use in out: not xtext, or it
 * decodes to something else than printable ASCII and blanks; utf8 also allows
 * valid UTF-8 beyond it. */
bool xtext_decode(struct str *out, struct view xtext, bool utf8);
/* The same for what stands behind "utf-8;": utf-8-addr-xtext or, when eight
 * octets of UTF-8 may stand as they are, utf-8-addr-unitext. */
bool xtext_decode_unicode(struct str *out, struct view v, bool eight);

#endif
