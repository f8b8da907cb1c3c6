/* SPDX-License-Identifier: ISC */
/*
 * deflate - a compressed stream (RFC 1951), as IMAP's COMPRESS has it
 *
 * It is a transport on top of the one that the stream has, plain or TLS, with
 * zlib's raw format in both directions. What one write carries is flushed to a
 * byte boundary, so the peer can read all of it.
 */
#ifndef PROC_DEFLATE_H
#define PROC_DEFLATE_H

#include "lib/proc/stream.h"

/* All that is read and written from now on is compressed. What was read before
 * and not yet used is thrown away; output must have been flushed. False when
 * there is no memory for it: the stream stays as it was. */
bool deflate_start(struct stream *s);
bool deflate_is_on(const struct stream *s);

#endif
