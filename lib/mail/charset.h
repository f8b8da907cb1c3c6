/* SPDX-License-Identifier: ISC */
/*
 * charset - other character sets to UTF-8
 *
 * Conversion is iconv's. glibc loads a module from disk for most character sets
 * and a confined program can open no file: charset_open_all() opens those that
 * mail uses at start and keeps them; afterwards others count as unknown.
 * Not thread-safe.
 */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include "lib/base/str.h"

/* Open the usual ones (Latin, Cyrillic, Greek, Turkish, Hebrew, Arabic, Baltic,
 * Japanese, Chinese, Korean, Thai, UTF-16/32/7); before confinement. */
void charset_open_all(void);
/* Close them again; for tests with leak checks. */
void charset_close_all(void);

/* May charset_convert() be asked for it? US-ASCII and UTF-8 always. */
bool charset_known(struct view name);

/* Append the text as valid UTF-8; what cannot be converted becomes U+FFFD.
 * False for an unknown character set: then ASCII passes, other bytes become
 * U+FFFD. An empty name is US-ASCII; UTF-8 under it passes as UTF-8. A limit of
 * out must leave room for three times the input and 32 octets. */
bool charset_convert(struct str *out, struct view name, struct view in);

#endif
