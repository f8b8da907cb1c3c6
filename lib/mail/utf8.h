/* SPDX-License-Identifier: ISC */
/*
 * utf8 - UTF-8 (RFC 3629) and the modified UTF-7 of IMAP (RFC 3501 5.1.3)
 */
#ifndef MAIL_UTF8_H
#define MAIL_UTF8_H

#include "lib/base/str.h"

#define UTF8_REPLACEMENT 0xFFFDu

bool utf8_is_ascii(struct view v);
/* No overlong forms, no surrogates, nothing beyond U+10FFFF. NUL is valid. */
bool utf8_valid(struct view v);
/* Take one character from the front of *v (not empty); a byte that does not
 * belong is taken alone and gives UTF8_REPLACEMENT and false. */
bool utf8_get(struct view *v, uint32_t *c);
/* Append; what is no character becomes UTF8_REPLACEMENT. */
void utf8_put(struct str *out, uint32_t c);

/* Append the normal form C of a valid text (RFC 5198 2). False, nothing added,
 * where that cannot be had. */
bool utf8_normalize(struct str *out, struct view v);

/* Mailbox names: UTF-8 to modified UTF-7. False, nothing added, when the input
 * is not valid UTF-8. */
bool utf7_encode(struct str *out, struct view utf8);
/* And back; strict: non-canonical forms ("&AEE-" for "A", shifts in a row,
 * 8-bit bytes, half surrogates) are refused, so that a name has one form. */
bool utf7_decode(struct str *out, struct view utf7);

#endif
