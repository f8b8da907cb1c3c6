/* SPDX-License-Identifier: ISC */
/*
 * subject - what a subject is about, without "Re:" and the like (RFC 5256 2.1)
 */
#ifndef MAIL_SUBJECT_H
#define MAIL_SUBJECT_H

#include "lib/base/str.h"

/* Append the base subject of a raw field value, as UTF-8 with single blanks.
 * True when something was taken off that says reply or forwarded. */
bool subject_base(struct str *out, struct view raw);

#endif
