/* SPDX-License-Identifier: ISC */
/*
 * expression - the regular expressions of the administrator (Perl's, PCRE2)
 *
 * Without case. They meet text that strangers choose, so what one match may
 * cost is limited: one that costs more does not match.
 */
#ifndef MAIL_EXPRESSION_H
#define MAIL_EXPRESSION_H

#include "lib/base/str.h"

#define EXPRESSION_STEPS 50000	/* of one match, as PCRE2 counts */
#define EXPRESSION_HEAP	 1024	/* KiB of one match */

struct expression;

/* NULL with a sentence appended to wrong. The caller's to free. */
struct expression *expression_new(struct view text, struct str *wrong);
void expression_free(struct expression **e);
bool expression_matches(const struct expression *e, struct view text);

#endif
