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
#define EXPRESSION_MS	 500	/* of the processor, for all of one question */

struct expression;

enum expression_answer { EXPRESSION_NO, EXPRESSION_YES, EXPRESSION_UNKNOWN };

/* NULL with a sentence appended to wrong. The caller's to free. */
struct expression *expression_new(struct view text, struct str *wrong);
/* The same with flags, which turn around what is usual: i (without case), s (a
 * dot is also a line end), m, x, A, E, U as pcre_table(5) has them. */
struct expression *expression_new_flags(struct view text, struct view flags,
    struct str *wrong);
void expression_free(struct expression **e);
/* A question begins, which may be put to thousands of expressions: from here on
 * they have EXPRESSION_MS in all, for each alone may stay below its limit. */
void expression_begin(void);
/* EXPRESSION_UNKNOWN: a limit was reached. */
enum expression_answer expression_ask(const struct expression *e,
    struct view text);

/* A result has $1 to $9, also ${1} and $(1), for what parentheses matched, and
 * $$ for one $. Does the expression have all that it names? NULL: of one that has
 * none. Else a sentence is appended to wrong. */
bool expression_fits(const struct expression *e, struct view result,
    struct str *wrong);
/* As expression_ask(); where it matches, the result is appended to out. */
enum expression_answer expression_replace(const struct expression *e,
    struct view text, struct view result, struct str *out);
/* Append a result that names no groups. */
void expression_plain(struct view result, struct str *out);

#endif
