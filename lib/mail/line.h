/* SPDX-License-Identifier: ISC */
/*
 * line - what the lines of files in etc/ have in common
 *
 * Words between blanks, a sentence in double quotes, a comment that begins with
 * a # behind a blank.
 */
#ifndef MAIL_LINE_H
#define MAIL_LINE_H

#include "lib/base/str.h"

/* What is wrong with a line, and the part of it that is meant. */
struct line_wrong {
	struct view where;
	char sentence[320];
};

#define LINE_LOGICAL_MAX 65536	/* octets that a logical line may have */

/* Take one logical line, without blanks around it: with those behind it that begin
 * with a blank, over empty lines and comments. How many lines of the text it has.
 * One that is too long has more than LINE_LOGICAL_MAX octets, and not all. */
size_t line_logical(struct view *text, struct str *line);
/* Without a comment at its end, and without blanks around it. */
struct view line_without_comment(struct view text);
/* Append what stands in double quotes, in which a backslash takes the next
 * octet; nothing but a comment may follow. 1 to most octets of printable ASCII.
 * False with w: it is something else. */
bool line_quoted(struct view text, size_t most, struct str *out,
    struct line_wrong *w);
/* Fill w in; returns false. */
bool line_is_wrong(struct line_wrong *w, struct view where, const char *fmt,
    ...) PRINTF(3, 4);

#endif
