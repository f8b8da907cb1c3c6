/* SPDX-License-Identifier: ISC */
/*
 * stream - the network side of a session: buffered lines and octets
 *
 * All calls belong into the session's fiber. Reading flushes what was written
 * before it waits, so a session just writes replies, and pipelined commands get
 * theirs in one packet. Buffers exist only while they hold something: an idle
 * stream costs its struct. The transport below (plain or TLS) is a small table
 * of functions, so that STARTTLS can replace it; what was buffered in clear
 * text is thrown away then.
 */
#ifndef PROC_STREAM_H
#define PROC_STREAM_H

#include <sys/types.h>

#include "lib/base/str.h"
#include "lib/proc/fiber.h"

enum stream_end {
	STREAM_OK,
	STREAM_EOF,		/* closed by the peer */
	STREAM_TIMEOUT,		/* deadline passed */
	STREAM_CANCELLED,	/* the fiber was cancelled */
	STREAM_WOKEN,		/* fiber_wake(): only from stream_wait() */
	STREAM_TOO_LONG,	/* line over the limit; skipped to its end */
	STREAM_BARE		/* a CR or LF not in a CRLF; see stream_line() */
};

struct stream {
	int fd;
	struct waiter_fd *watch;
	const struct stream_transport *transport;
	void *tls, *deflate;	/* the transports' own */
	char *in;		/* NULL while empty */
	uint32_t in_at, in_n;	/* unread part */
	uint32_t in_size;
	uint32_t rush;		/* octets read since the others had a turn */
	bool drained;		/* the kernel had no more at the last read */
	bool amiss;		/* the rest of a wrong line is still to come */
	bool known;		/* its user is: goes before handshakes */
	bool secret;		/* output is overwritten once it was sent */
	bool failed;		/* a write failed: reads tell STREAM_EOF */
	struct str out;
	int64_t write_deadline_ms;	/* per flush, relative */
};

/* TRANSPORT functions return bytes, 0 at the end, -1 with errno EAGAIN and
 * *want set to 'r' or 'w' when they must wait, -1 otherwise on failure. */
struct stream_transport {
	ssize_t (*read)(struct stream *s, void *p, size_t n, char *want);
	ssize_t (*write)(struct stream *s, const void *p, size_t n, char *want);
	void (*close)(struct stream *s);
};

/* Takes fd, sets it non-blocking. */
void stream_open(struct stream *s, int fd);
/* Flushes nothing; closes fd. */
void stream_close(struct stream *s);

/* One line without its CRLF; valid until the next call on s. Only CRLF ends a
 * line when strict: a bare LF is told at once, and what follows it, up to the
 * CRLF that ends the wrong line, is passed over, so that nobody in front of us
 * sees one command where we see two. Else LF ends a line, and a CR before it is
 * cut off. max counts
 * octets with the line end, at most 65536. */
enum stream_end stream_line(struct stream *s, struct view *line, size_t max,
    bool strict, int64_t deadline);
/* Whatever octets are there, at least one: peek shows them, skip consumes. */
enum stream_end stream_peek(struct stream *s, struct view *v,
    int64_t deadline);
void stream_skip(struct stream *s, size_t n);
/* Wait until there is something to read: OK, EOF, TIMEOUT, CANCELLED, WOKEN. */
enum stream_end stream_wait(struct stream *s, int64_t deadline);
/* Octets have arrived that were not read yet (pipelining, injection). */
bool stream_pending(const struct stream *s);
void stream_discard(struct stream *s);
/* Overwrite the octets that were consumed, as far as the buffer still has them:
 * behind a line with a password, before the next call that reads. */
void stream_wipe(struct stream *s);

/* Output is kept and sent at the next flush, wait or when it is much; then the
 * call waits for the peer. False when the connection is gone. */
bool stream_write(struct stream *s, struct view v);
bool stream_puts(struct stream *s, const char *text);
bool stream_printf(struct stream *s, const char *fmt, ...) PRINTF(2, 3);
bool stream_flush(struct stream *s);
/* Before a close that the peer does not expect: say that no more comes, and
 * take what it still sends for a moment. Octets that nobody read would make the
 * kernel throw away what was written last. */
void stream_linger(struct stream *s);

#endif
