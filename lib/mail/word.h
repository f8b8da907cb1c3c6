/* SPDX-License-Identifier: ISC */
/*
 * word - encoded words of header fields (RFC 2047, RFC 2231 5)
 */
#ifndef MAIL_WORD_H
#define MAIL_WORD_H

#include "lib/base/str.h"

/* A raw field value as UTF-8: unfolded, encoded words decoded, blanks between
 * two of them dropped. Words that are broken stay as they stand; text that is
 * not UTF-8 is taken as windows-1252, as most such senders mean it. Control
 * characters become blanks. Output is at most 3 times the input. */
void word_decode(struct str *out, struct view raw);

/* UTF-8 text for an unstructured field or a display name: as it is if it is
 * printable ASCII without "=?", else as words of at most 75 octets, divided
 * by a blank, never within a character. Not for use inside quotes. */
void word_encode(struct str *out, struct view utf8);

#endif
