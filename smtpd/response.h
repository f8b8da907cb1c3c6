/* SPDX-License-Identifier: ISC */
/*
 * response - what a command answers, before it is on the wire
 *
 * A command returns one of these and writes nothing itself. The text lives as
 * long as the arena it was made in, or for ever when it is a literal; LF in it
 * divides lines of a reply. A status is the whole enhanced code ("2.1.0"),
 * empty where RFC 2034 wants none.
 */
#ifndef SMTPD_RESPONSE_H
#define SMTPD_RESPONSE_H

#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/base/why.h"

/* What the session does after the reply has been written. */
enum then {
	THEN_COMMAND,		/* read the next command */
	THEN_DATA,		/* read content up to the dot */
	THEN_TLS,		/* shake hands */
	THEN_CHUNK,		/* no reply yet: read a chunk of content */
	THEN_CLOSE		/* end the session */
};

struct response {
	unsigned code;
	char status[16];
	struct view text;
	enum then then;
};

struct response response(unsigned code, const char *status, const char *text);
struct response response_printf(struct arena *a, unsigned code,
    const char *status, const char *fmt, ...) PRINTF(4, 5);
/* The verdict, with the code that fits its status. */
struct response response_why(struct arena *a, const struct why *w);

/* A command that cannot be obeyed. */
static inline bool
response_is_error(const struct response *r)
{
	return r->code >= 400;
}

/* Append it as the client gets it. */
void response_write(struct str *out, const struct response *r);

#endif
