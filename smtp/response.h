/* SPDX-License-Identifier: ISC */
/*
 * response - one reply of a server, read line by line
 *
 * A reply is complete with its last line; all lines must have one code (RFC 5321
 * 4.2.1). Everything about it is bounded: the octets of a line, of the whole, and
 * the time. The text is kept word for word, lines divided by LF, with '?' for
 * control octets.
 */
#ifndef SMTP_RESPONSE_H
#define SMTP_RESPONSE_H

#include "lib/base/str.h"
#include "lib/proc/stream.h"

#define RESPONSE_LINE	65536		/* with its line end */
#define RESPONSE_MOST	(96u * 1024)	/* all lines: a verdict has it twice */

enum response_end {
	RESPONSE_COMPLETE,
	RESPONSE_LOST,		/* closed, or the fiber was cancelled */
	RESPONSE_TIMEOUT,
	RESPONSE_JUNK		/* no reply, or too long a one */
};

struct response {
	unsigned code;		/* 200 to 599 */
	char status[12];	/* "1.1" without class; "" when there is none */
	struct str text;	/* lines with code and status */
};

/* Add one line, without its line end: RESPONSE_COMPLETE, RESPONSE_JUNK, or
 * RESPONSE_LOST for "more lines follow". r->text must be empty at the first. */
enum response_end response_add(struct response *r, struct view line);
/* Read one reply. */
enum response_end response_read(struct response *r, struct stream *s,
    int64_t deadline);
void response_reset(struct response *r);	/* text emptied */
void response_free(struct response *r);

/* The next line of the text without code, and its hyphen or blank; false behind
 * the last. *at is 0 at first. */
bool response_line(const struct response *r, size_t *at, struct view *line);
static inline unsigned
response_class(const struct response *r)
{
	return r->code / 100;
}

#endif
