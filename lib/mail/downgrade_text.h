/* SPDX-License-Identifier: ISC */
/*
 * downgrade_text - what lines of a message hold, and lines that hold less
 *
 * The part of lib/mail/downgrade.h below the parts: what octets stand in a text,
 * the header of a part with another encoding, and the lines around the parts of
 * a multipart, which no reader shows.
 */
#ifndef MAIL_DOWNGRADE_TEXT_H
#define MAIL_DOWNGRADE_TEXT_H

#include "lib/base/str.h"

/* Bits: octets above 127; NUL, CR or LF alone; lines of more than 998 octets. */
enum { HAS_8BIT = 1, HAS_BINARY = 2, HAS_LONG = 4 };
/* Of a text; its last line need not be ended. */
unsigned downgrade_has(struct view text);

/* What happens to the header of a part. */
struct downgrade_header {
	struct view header;	/* with the empty line, if there is one */
	const char *encoding;	/* new value of its field; NULL: as it is */
	bool message;		/* of a message, not of a part of a multipart */
	bool encoded;		/* the encoding is new: it is MIME for sure */
	unsigned body;		/* what the body had */
};
/* Append it. All octets stay but for the field, NUL and line ends that are none;
 * long lines are folded where there are blanks. */
void downgrade_header(struct str *out, const struct downgrade_header *h);

/* Append lines that stand around parts. What does not fit (bits of `unfit`) is
 * replaced; a line that is no boundary stays none. */
void downgrade_around(struct str *out, struct view lines,
    struct view boundary, unsigned unfit);

#endif
