/* SPDX-License-Identifier: ISC */
/*
 * content - a mail's octets on their way out
 *
 * Read from the descriptor behind Return-Path, in big blocks; a header that has
 * been rewritten comes from memory. A mail that is small goes out in one write,
 * with BDAT in front of it.
 */
#ifndef SMTP_CONTENT_H
#define SMTP_CONTENT_H

#include "smtp/client.h"

#define CONTENT_SMALL	(48u * 1024)	/* read at once, sent with commands */

struct content {
	struct view head;	/* sent first; borrowed */
	int fd;			/* borrowed */
	uint64_t at, end;	/* part of the file that is to be sent */
};

/* Append all of it to c->stream, with dots doubled and the final dot when
 * `dots`; else as it is. False with the outcome: the file could not be read
 * (nothing final was sent), or the connection was lost. c is broken then. */
bool content_send(const struct content *in, struct client *c, bool dots,
    struct outcome *o);
/* c->stream has failed while content was sent: a server that has had enough may
 * say so before the end, and close. False with that reply, or with the accident;
 * c is broken. */
bool content_interrupted(struct client *c, struct outcome *o);

#endif
