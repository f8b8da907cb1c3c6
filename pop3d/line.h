/* SPDX-License-Identifier: ISC */
/*
 * line - waiting for a client's next command, in both protocols
 */
#ifndef POP3D_LINE_H
#define POP3D_LINE_H

#include "lib/proc/stream.h"

/* The next command: STREAM_OK or STREAM_TOO_LONG. Everything else is the end,
 * with its reason for the log in *end. until bounds the wait of a session that
 * is not logged in; DEADLINE_NEVER otherwise. */
enum stream_end line_next(struct stream *s, struct view *line, size_t max,
    int64_t until, const char **end);

/* A session begins. One that does not read what it asked for counts as silent,
 * too, so that it keeps nobody from the mailbox for longer than that. */
void line_begin(struct stream *s);

#endif
