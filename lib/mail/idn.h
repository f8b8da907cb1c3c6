/* SPDX-License-Identifier: ISC */
/*
 * idn - domain names with letters of all scripts (IDNA2008, RFC 5890 to 5893)
 */
#ifndef MAIL_IDN_H
#define MAIL_IDN_H

#include "lib/base/str.h"

#define IDN_MOST	1024	/* octets that are looked at */

/* Put the domain with A-labels, in lower case, in place of what is in out: the
 * one form in which names are compared. A name in ASCII is only made lower
 * case, whatever it says. False, and out is empty, for labels that IDNA2008
 * does not allow, among them those with capital letters beyond ASCII, and for
 * names that get too long. */
bool idn_ascii(struct str *out, struct view domain);

#endif
