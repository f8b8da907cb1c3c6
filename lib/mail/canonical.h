/* SPDX-License-Identifier: ISC */
/*
 * canonical - the rows of a table that gives addresses other names
 *
 * A key is user@domain, user or @domain; the value is the address that it
 * becomes, or @domain, which keeps the local part. Domains of keys are looked up
 * with A-labels, and those of values are written so.
 */
#ifndef MAIL_CANONICAL_H
#define MAIL_CANONICAL_H

#include "lib/mail/address.h"

/* What is wrong with such a row; NULL: nothing. For struct table_sink. */
const char *canonical_judge(struct view key, struct view value);
/* Read a value; views point into it or the arena. The local part is "" where
 * that of the old address stays. False: it is none. */
bool canonical_value(struct view value, struct arena *a, struct address *out);
/* The domain with A-labels in lower case, in the arena; false if it is no
 * domain (a literal is none). */
bool canonical_domain(struct view domain, struct arena *a, struct view *out);

#endif
