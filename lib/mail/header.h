/* SPDX-License-Identifier: ISC */
/*
 * header - the fields of a message header, without copying (RFC 5322 2.2)
 *
 * Works on the bytes of a message or of its header alone; lines end with CR
 * LF or, tolerated, LF. All views point into the input. A line that is no field
 * (no colon, or a name with other than printable characters) is given with an
 * empty name, so that a caller can skip it or refuse the message. Time is
 * linear.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

struct header {
	struct view name;	/* before the colon, blanks trimmed */
	struct view value;	/* behind it, folds kept, trimmed */
	struct view whole;	/* all lines with their line ends */
};

/* The length of the header with the empty line that ends it; all of the
 * message when there is no such line. */
size_t header_size(struct view message);

/* Take one field from the front of *rest. At the end of the header: false, and
 * *rest is the body (behind the empty line). */
bool header_next(struct view *rest, struct header *out);

/* The value of the first field of this name (without case); false if none. */
bool header_find(struct view message, const char *name, struct view *value);

/* Without the line ends of folding; the blank behind each stays. The result is
 * the input itself where nothing is folded, else a copy in the arena. */
struct view header_unfold(struct view value, struct arena *a);

/* Is it a field name: 1 to 76 of printable ASCII without colon? */
bool header_is_name(struct view name);

/* "Name: value\r\n", folded at blanks where a line would pass 78 octets. The
 * value is written as it is but for CR, LF and NUL, which become blanks: encode
 * other than ASCII before, with word_encode() of lib/mail/word.h. */
void header_write(struct str *out, const char *name, struct view value);

#endif
