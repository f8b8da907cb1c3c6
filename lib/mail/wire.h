/* SPDX-License-Identifier: ISC */
/*
 * wire - line ends as they are on the wire: CR LF
 */
#ifndef MAIL_WIRE_H
#define MAIL_WIRE_H

#include "lib/base/str.h"

/* Append the text with a CR before every LF that has none. False, and nothing
 * is appended, when it has no such LF. */
bool wire_lines(struct view text, struct str *out);
/* Append the text with LF for every CR LF. */
void wire_to_lf(struct view text, struct str *out);

#endif
