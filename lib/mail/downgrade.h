/* SPDX-License-Identifier: ISC */
/*
 * downgrade - a message for a server that takes less (RFC 6152, 3030, 2045)
 *
 * 8-bit and binary parts become quoted-printable or base64, whichever is
 * shorter, and their header fields say so; parts that are 7-bit stay octet for
 * octet, but for a name like "8bit" in their header. Enclosed messages are gone
 * into; what is signed or encrypted is never touched. Decoding the result gives
 * the original octets.
 *
 * Header fields keep their 8-bit octets: SMTPUTF8 is about those, and whoever
 * sends a message decides first whether it needs that.
 */
#ifndef MAIL_DOWNGRADE_H
#define MAIL_DOWNGRADE_H

#include "lib/base/arena.h"
#include "lib/base/why.h"

/* What a message has, and what a peer takes. */
enum downgrade_level { LEVEL_7BIT, LEVEL_8BIT, LEVEL_BINARY };

/* What the message really is: BINARY has NUL, bare CR or LF, or lines of more
 * than 998 octets. utf8_header: a field of the message's own header has 8-bit
 * octets. One pass, no memory. */
struct downgrade_look {
	enum downgrade_level level;
	bool utf8_header;
};
void downgrade_look(struct view message, struct downgrade_look *out);

/* Where the new text goes, in pieces; false stops. */
struct downgrade_sink {
	bool (*put)(void *arg, struct view piece);
	void *arg;
};
/* Write the message for a peer that takes `level`; as it is when it fits. False
 * with w when that is not possible (NEVER 6.3: something that may not be encoded
 * does not fit, as a signed part, or the parts are too many or too deep for
 * lib/mail/mime.h) or when the sink stopped (LATER). Nothing is put before it is
 * known that it is possible. Memory: the arena, in proportion to the number of
 * parts. A line end that the wire needs at the very end changes no part. */
bool downgrade(struct view message, enum downgrade_level level,
    struct arena *a, const struct downgrade_sink *sink, struct why *w);

#endif
