/* SPDX-License-Identifier: ISC */
/*
 * people - what a report says to a reader
 *
 * In this order: what happened, to whom and why, what can be done, which mail it
 * is about, where help is. The other server's words are given as they came.
 */
#ifndef BOUNCE_PEOPLE_H
#define BOUNCE_PEOPLE_H

#include "bounce/compose.h"

/* Append the text, lines with CR LF, in UTF-8. */
void people_write(struct str *out, const struct notice *n);

#endif
