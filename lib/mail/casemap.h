/* SPDX-License-Identifier: ISC */
/*
 * casemap - texts without case, for comparing (i;unicode-casemap, RFC 5051)
 *
 * Letters lose their case and characters are divided into what they are made of,
 * compatibility forms too: U+00E9 and "e" with U+0301 are the same, and so are
 * full-width letters and plain ones. What a character becomes is asked of
 * libunistring.
 */
#ifndef MAIL_CASEMAP_H
#define MAIL_CASEMAP_H

#include "lib/base/str.h"

/* Append UTF-8 text folded; bytes that are no UTF-8 stay. A folded text contains
 * a folded needle where the text contains the needle, whatever the case. A
 * character becomes at most CASEMAP_MAX octets. */
#define CASEMAP_MAX 72
void casemap_fold(struct str *out, struct view utf8);

#endif
