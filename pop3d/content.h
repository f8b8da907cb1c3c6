/* SPDX-License-Identifier: ISC */
/*
 * content - a message on its way to the client, in blocks
 *
 * The file is in wire form; POP3 doubles leading dots, POP2 does not. Memory is
 * one block and what the stream holds, whatever the size of the message.
 */
#ifndef POP3D_CONTENT_H
#define POP3D_CONTENT_H

#include "lib/base/view.h"

struct stream;

/* Where TOP ends: behind the header, the empty line and some lines of body. */
struct content_top {
	uint64_t lines;		/* of the body, still wanted */
	bool body;		/* the empty line was seen */
	bool inside;		/* not at the beginning of a line */
	bool cr;		/* the line so far is a CR */
	bool done;
};
/* How many octets of in belong to it; done when it is complete. */
size_t content_top(struct content_top *t, struct view in);

/* A message: the file, or a new beginning and the file from an octet on. */
struct content {
	int fd;
	struct view head;
	uint64_t from;
	uint64_t reading;	/* of content_header, or 0 */
};
/* Send it with dots doubled, and the final dot; all of it, or what top wants.
 * False when the file or the connection fails in the middle: then the session
 * must end. *sent counts octets before dots are doubled. */
bool content_send(struct stream *s, const struct content *c,
    struct content_top *top, uint64_t *sent);
/* The header of a message with its empty line, in memory that all share: valid
 * until the next call of this file. Empty when it is longer than a block, or
 * cannot be read. *reading saves content_send, as long as fd is open, reading that
 * again. */
struct view content_header(int fd, uint64_t *reading);
/* Send exactly size octets as they are. */
bool content_send_exactly(struct stream *s, int fd, uint64_t size);

#endif
