/* SPDX-License-Identifier: ISC */
/*
 * reply - SMTP reply lines, printed and read (RFC 5321 4.2, RFC 2034)
 */
#ifndef MAIL_REPLY_H
#define MAIL_REPLY_H

#include "lib/base/str.h"
#include "lib/base/why.h"

#define REPLY_LINE_MAX 512	/* with CR LF */

/* "550 5.1.1 sentence\r\n". The first digit of code must fit the verdict: the
 * class of the status is taken from code. */
void reply_why(struct str *out, unsigned code, const struct why *w);

/* A reply of one or more lines: text is divided at LF, and at a blank where a
 * line would pass 512 octets. status ("2.1.0", with class) stands on each line;
 * empty for replies without one. Control bytes become '?', 8-bit bytes pass. */
void reply_text(struct str *out, unsigned code, const char *status,
    struct view text);

/* Append a line with '?' for control bytes (but tabs): for logs and reports. */
void reply_clean(struct str *out, struct view line);

/* A line of a reply as a client reads it, without its line end. */
struct reply_line {
	unsigned code;		/* 200 to 599 */
	bool last;		/* no hyphen behind the code */
	struct view status;	/* "5.1.1", empty if there is none */
	struct view text;	/* behind code and status */
};
bool reply_parse(struct view line, struct reply_line *out);

#endif
