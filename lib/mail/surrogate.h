/* SPDX-License-Identifier: ISC */
/*
 * surrogate - an internationalized header for a client that knows ASCII only
 *
 * RFC 6858: what can be said in encoded words is said so; an address that
 * cannot be written becomes one that is invalid and shows the original as its
 * name; what else has other octets than ASCII is left out.
 */
#ifndef MAIL_SURROGATE_H
#define MAIL_SURROGATE_H

#include "lib/base/str.h"

/* Does this header of a message have UTF-8 in it? One with 8-bit octets that
 * are no UTF-8 is not internationalized, only wrong, and goes as it is. */
bool surrogate_needed(struct view header);
/* Append the header, with the empty line if it has one. Fields that are ASCII
 * stay octet for octet. */
void surrogate_header(struct str *out, struct view header);

#endif
