/* SPDX-License-Identifier: ISC */
/*
 * content - read a block, stuff it into the stream's buffer, go on
 *
 * The block is shared by all sessions: nothing waits between filling it and
 * having its octets in the stream.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/mail/header.h"
#include "lib/mail/text.h"
#include "lib/proc/stream.h"
#include "pop3d/content.h"

#define BLOCK 32768
#define OCTETS_TURN (512u * 1024)	/* then it is the others' turn */

static char block[BLOCK];
static size_t block_n;		/* octets of it that are read */
static uint64_t block_reading;	/* the how many-th it was */

/* The next octets of the file; n is 0 at its end. */
static bool
read_block(int fd, uint64_t at, size_t most, struct view *v)
{
	ssize_t n;

	if (most > sizeof(block))
		most = sizeof(block);
	block_reading++;
	do
		n = pread(fd, block, most, (off_t)at);
	while (n < 0 && errno == EINTR);
	block_n = n > 0 ? (size_t)n : 0;
	*v = view_bytes(block, block_n);
	return n >= 0;
}

/* Where to begin; most messages are in the block that their header was read
 * with, if nobody else came between. */
static bool
read_first(const struct content *c, struct view *v)
{
	if (c->reading == 0 || c->reading != block_reading)
		return read_block(c->fd, c->from, BLOCK, v);
	*v = view_skip(view_bytes(block, block_n), c->from);
	return true;
}

/* A client that reads fast never makes us wait. */
static void
give_way(uint64_t before, uint64_t after)
{
	if (before / OCTETS_TURN != after / OCTETS_TURN && fiber_self() != NULL)
		fiber_sleep(0);
}

/* A line has ended; it was empty. */
static void
line_ends(struct content_top *t, bool empty)
{
	if (t->body)
		t->lines--;
	else if (empty)
		t->body = true;
	t->done = t->body && t->lines == 0;
}

size_t
content_top(struct content_top *t, struct view in)
{
	size_t at = 0;

	while (at < in.n && !t->done) {
		struct view rest = view_skip(in, at);
		size_t n = view_find(rest, '\n');
		bool cr = n == 1 && rest.p[0] == '\r';

		if (n == rest.n) {
			t->cr = !t->inside && cr;
			t->inside = true;
			return in.n;
		}
		line_ends(t, (!t->inside && (n == 0 || cr)) ||
			(t->cr && n == 0));
		t->inside = t->cr = false;
		at += n + 1;
	}
	return at;
}

struct sending {
	struct stream *s;
	struct content_top *top;	/* NULL: all */
	struct text_stuff stuff;
	uint64_t sent;
};

/* False when the connection is gone. */
static bool
send_piece(struct sending *x, struct view v)
{
	if (x->top != NULL)
		v.n = content_top(x->top, v);
	text_stuff(&x->stuff, v, &x->s->out);
	x->sent += v.n;
	if (!stream_write(x->s, VIEW_NONE))
		return false;
	give_way(x->sent - v.n, x->sent);
	return true;
}

bool
content_send(struct stream *s, const struct content *c,
    struct content_top *top, uint64_t *sent)
{
	struct sending x = { .s = s, .top = top };
	uint64_t at = c->from;
	bool first = true, end = false, fine;
	struct view v;

	fine = c->head.n == 0 || send_piece(&x, c->head);
	while (fine && !end && !(top != NULL && top->done)) {
		fine = first ? read_first(c, &v) :
			       read_block(c->fd, at, BLOCK, &v);
		end = block_n < BLOCK;	/* so reads of files end */
		at += v.n;
		first = false;
		fine = fine && send_piece(&x, v);
	}
	if (fine)
		text_stuff_end(&x.stuff, &s->out);
	*sent = x.sent;
	return fine;
}

struct view
content_header(int fd, uint64_t *reading)
{
	struct view v;
	size_t n;

	*reading = 0;
	if (!read_block(fd, 0, sizeof(block), &v))
		return VIEW_NONE;
	*reading = block_reading;
	n = header_size(v);
	if (n == v.n && n == sizeof(block))
		return VIEW_NONE;
	return (struct view){ v.p, n };
}

bool
content_send_exactly(struct stream *s, int fd, uint64_t size)
{
	struct view v;

	for (uint64_t at = 0; at < size; at += v.n) {
		size_t most = size - at < BLOCK ? (size_t)(size - at) : BLOCK;

		if (!read_block(fd, at, most, &v) || v.n == 0)
			return false;
		str_add(&s->out, v);
		if (!stream_write(s, VIEW_NONE))
			return false;
		give_way(at, at + v.n);
	}
	return true;
}
