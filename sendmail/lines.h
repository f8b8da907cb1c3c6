/* SPDX-License-Identifier: ISC */
/*
 * lines - what to do with lines that SMTP does not carry
 *
 * A line may have 998 octets (RFC 5321 4.5.3.1.6) and no NUL. The body of a
 * message without MIME becomes quoted-printable, which keeps every octet; where
 * MIME is in use already, or in the header, a line is broken.
 */
#ifndef SENDMAIL_LINES_H
#define SENDMAIL_LINES_H

#include "lib/base/str.h"

#define LINE_MOST 998

/* Is there a line that is too long, or a NUL? v is in wire form. */
bool lines_unfit(struct view v);
/* Append a header field, folded where a line is too long. */
void lines_fold(struct str *out, struct view field);
/* Append a body, broken after LINE_MOST octets; NUL becomes '?'. */
void lines_break(struct str *out, struct view body);
/* Append the fields that say so, and the empty line and the body encoded. */
void lines_encode(struct str *out, struct view body);

#endif
