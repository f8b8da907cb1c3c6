/* SPDX-License-Identifier: ISC */
/*
 * expression - the regular expressions of the administrator (Perl's, PCRE2)
 *
 * Without case. They meet text that strangers choose, so what one match may
 * cost is limited. One that costs more is neither a match nor none: whoever
 * could make it look like the latter would walk past a rule that refuses him.
 */
#ifndef MAIL_EXPRESSION_H
#define MAIL_EXPRESSION_H

#include "lib/base/str.h"

#define EXPRESSION_STEPS 50000	/* of one match, as PCRE2 counts */
#define EXPRESSION_HEAP	 1024	/* KiB of one match */

struct expression;

enum expression_answer { EXPRESSION_NO, EXPRESSION_YES, EXPRESSION_UNKNOWN };

/* NULL with a sentence appended to wrong. The caller's to free. */
struct expression *expression_new(struct view text, struct str *wrong);
void expression_free(struct expression **e);
/* EXPRESSION_UNKNOWN: a limit was reached. */
enum expression_answer expression_ask(const struct expression *e,
    struct view text);

#endif
