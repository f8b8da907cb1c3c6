/* SPDX-License-Identifier: ISC */
/*
 * stream - lines in, bytes out, buffers only while they are needed
 *
 * Input buffers come from a small common stock: a session takes one when the
 * kernel has something for it and gives it back when all of it was read. Reads
 * go on until the kernel has no more; a read that got less than it asked for
 * needs no second one to know that (the descriptor is edge-triggered).
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/proc/stream.h"
#include "lib/proc/turns.h"

#define IN_SIZE		65536
#define IN_KEPT		16	/* free buffers in stock */
#define SMALL_MOST	8192	/* unread octets kept in a buffer of their size */
#define OUT_HIGH	65536	/* more than this is sent at once */
#define WRITE_WAIT_MS	300000
#define LINGER_MS	2000
#define LINGER_MOST	(256u * 1024)
#define DOUBT_MS	1000
#define RUSH_MOST	(256u * 1024)	/* octets; then it is the turn of others */

static char *stock[IN_KEPT];
static unsigned stock_n;

static char *
buffer_take(void)
{
	return stock_n > 0 ? stock[--stock_n] : xmalloc(IN_SIZE);
}

static void
buffer_give(char **p)
{
	if (stock_n < IN_KEPT)
		stock[stock_n++] = *p;
	else
		free(*p);
	*p = NULL;
}

/* ---- plain transport ---- */

static ssize_t
plain_read(struct stream *s, void *p, size_t n, char *want)
{
	*want = 'r';
	return recv(s->fd, p, n, 0);
}

static ssize_t
plain_write(struct stream *s, const void *p, size_t n, char *want)
{
	*want = 'w';
	return send(s->fd, p, n, MSG_NOSIGNAL);
}

static void
plain_close(struct stream *s)
{
	(void)s;
}

static const struct stream_transport plain = { plain_read, plain_write,
	plain_close };

/* ---- life ---- */

void
stream_open(struct stream *s, int fd)
{
	*s = (struct stream){ .fd = fd, .transport = &plain,
		.write_deadline_ms = WRITE_WAIT_MS };
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	s->watch = fd_watch(fd);
}

void
stream_close(struct stream *s)
{
	s->transport->close(s);
	fd_unwatch(&s->watch);
	stream_discard(s);
	str_free(&s->out);
	close(s->fd);
	s->fd = -1;
}

/* ---- output ---- */

static enum wait
wait_for(struct stream *s, char want, int64_t deadline)
{
	return want == 'r' ? fd_wait_read(s->watch, deadline) :
			     fd_wait_write(s->watch, deadline);
}

/* Send from v; false when the connection is gone. */
static bool
send_all(struct stream *s, struct view v)
{
	int64_t deadline = deadline_in(s->write_deadline_ms);
	char want;

	while (v.n > 0 && !s->failed) {
		ssize_t n = s->transport->write(s, v.p, v.n, &want);

		if (n > 0) {
			v = view_skip(v, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			s->failed = true;
		else if (wait_for(s, want, deadline) == WAIT_TIMEOUT ||
		    fiber_cancelled())
			s->failed = true;
	}
	return !s->failed;
}

bool
stream_flush(struct stream *s)
{
	struct str out = s->out;

	if (out.n == 0)
		return !s->failed;
	/* what is written while this waits goes behind */
	s->out = (struct str){ 0 };
	send_all(s, str_view(&out));
	if (s->secret)
		explicit_bzero(out.p, out.n);
	if (s->out.n == 0 && out.cap <= 1024) {
		str_free(&s->out);
		s->out = out;
		str_reset(&s->out);
	} else {
		str_free(&out);
	}
	return !s->failed;
}

bool
stream_write(struct stream *s, struct view v)
{
	if (s->failed)
		return false;
	if (v.n >= OUT_HIGH) {
		return stream_flush(s) && send_all(s, v);
	}
	str_add(&s->out, v);
	return s->out.n < OUT_HIGH || stream_flush(s);
}

bool
stream_puts(struct stream *s, const char *text)
{
	return stream_write(s, view_of(text));
}

bool
stream_printf(struct stream *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s->out, fmt, ap);
	va_end(ap);
	return s->out.n < OUT_HIGH || stream_flush(s);
}

/* ---- input ---- */

bool
stream_pending(const struct stream *s)
{
	return s->in_n > 0;
}

void
stream_discard(struct stream *s)
{
	if (s->in_size == IN_SIZE)
		buffer_give(&s->in);
	free(s->in);
	s->in = NULL;
	s->in_at = s->in_n = s->in_size = 0;
}

void
stream_wipe(struct stream *s)
{
	if (s->in != NULL)
		explicit_bzero(s->in, s->in_at);
}

void
stream_skip(struct stream *s, size_t n)
{
	must(n <= s->in_n);
	s->in_at += (uint32_t)n;
	s->in_n -= (uint32_t)n;
}

static enum stream_end
end_of(enum wait w)
{
	static const enum stream_end ends[] = {
		[WAIT_READY] = STREAM_OK,
		[WAIT_TIMEOUT] = STREAM_TIMEOUT,
		[WAIT_CANCELLED] = STREAM_CANCELLED,
		[WAIT_WOKEN] = STREAM_WOKEN,
	};

	return ends[w];
}

/* Let go of the buffer of a stream that waits; the beginning of a line goes
 * into as little memory as it needs. */
static void
put_away(struct stream *s)
{
	char *small;

	if (s->in_n == 0) {
		stream_discard(s);
	} else if (s->in_size == IN_SIZE && s->in_n <= SMALL_MOST) {
		small = xmalloc(s->in_n);
		memcpy(small, s->in + s->in_at, s->in_n);
		/* it may be half a password: stream_wipe() sees small only */
		explicit_bzero(s->in + s->in_at, s->in_n);
		buffer_give(&s->in);
		s->in = small;
		s->in_at = 0;
		s->in_size = s->in_n;
	}
}

static void
take_out(struct stream *s)
{
	char *small = s->in;

	s->in = buffer_take();
	if (s->in_n > 0)
		memcpy(s->in, small + s->in_at, s->in_n);
	if (small != NULL)
		explicit_bzero(small, s->in_size);
	free(small);
	s->in_at = 0;
	s->in_size = IN_SIZE;
}

/* Move what is unread to the front, so that the rest of the buffer is free. */
static void
make_room(struct stream *s)
{
	if (s->in_size != IN_SIZE) {
		take_out(s);
	} else if (s->in_n == 0) {
		s->in_at = 0;
	} else if (s->in_at > 0 && s->in_at + s->in_n == IN_SIZE) {
		memmove(s->in, s->in + s->in_at, s->in_n);
		s->in_at = 0;
	}
}

/* One read: STREAM_OK with more in the buffer, STREAM_WOKEN for "must wait". */
static enum stream_end
read_once(struct stream *s, char *want)
{
	size_t used, room;
	ssize_t n;

	make_room(s);
	used = s->in_at + s->in_n;
	room = IN_SIZE - used;
	must(room > 0);
	do
		n = s->transport->read(s, s->in + used, room, want);
	while (n < 0 && errno == EINTR);
	if (n > 0 && s->known)
		turns_work();
	if (n > 0) {
		s->in_n += (uint32_t)n;
		s->rush += (uint32_t)n;
		s->drained = (size_t)n < room && s->tls == NULL &&
		    s->deflate == NULL && !fd_closed(s->watch);
		return STREAM_OK;
	}
	return n < 0 && errno == EAGAIN ? STREAM_WOKEN : STREAM_EOF;
}

/* A reset that comes together with the last octets looks like octets alone, and
 * no further edge tells of it: whoever was thought to be drained is looked at
 * once more when nothing has come for a while. */
static enum stream_end
wait_for_more(struct stream *s, char want, int64_t deadline)
{
	int64_t doubt = s->drained ? deadline_in(DOUBT_MS) : deadline;
	enum wait w = wait_for(s, want, doubt < deadline ? doubt : deadline);

	return w == WAIT_TIMEOUT && doubt < deadline ? STREAM_OK : end_of(w);
}

/* Octets that never end, or are few on the wire and many when expanded. */
static void
let_others(struct stream *s)
{
	s->rush = 0;
	fiber_sleep(0);
}

/* Get more input, waiting for it if need be. */
static enum stream_end
fill(struct stream *s, int64_t deadline, bool wakeable)
{
	char want = 'r';

	if (s->out.n > 0)
		stream_flush(s);
	if (s->failed)
		return STREAM_EOF;
	for (;;) {
		enum stream_end e = STREAM_WOKEN;

		if (fiber_cancelled())
			return STREAM_CANCELLED;
		if (!s->drained) {
			e = read_once(s, &want);
			if (e == STREAM_OK && s->rush >= RUSH_MOST)
				let_others(s);
			if (e != STREAM_WOKEN)
				return e;
		}
		s->rush = 0;
		put_away(s);
		e = wait_for_more(s, want, deadline);
		s->drained = false;
		if (e == STREAM_WOKEN && !wakeable)
			continue;
		if (e != STREAM_OK)
			return e;
	}
}

enum stream_end
stream_wait(struct stream *s, int64_t deadline)
{
	if (s->in_n > 0)
		return STREAM_OK;
	return fill(s, deadline, true);
}

enum stream_end
stream_peek(struct stream *s, struct view *v, int64_t deadline)
{
	enum stream_end e = STREAM_OK;

	if (s->in_n == 0)
		e = fill(s, deadline, false);
	*v = (struct view){ s->in ? s->in + s->in_at : "", s->in_n };
	return e;
}

/* Octets up to the end of a line, with it; 0 when it is not in v. */
static size_t
line_end(struct view v, bool strict)
{
	size_t at = view_find(v, '\n');

	while (strict && at < v.n && (at == 0 || v.p[at - 1] != '\r'))
		at += 1 + view_find(view_skip(v, at + 1), '\n');
	return at < v.n ? at + 1 : 0;
}

/* Read on to the end of a line that is not wanted. */
static enum stream_end
skip_line(struct stream *s, bool strict, enum stream_end verdict,
    int64_t deadline)
{
	for (;;) {
		struct view v = { s->in ? s->in + s->in_at : "", s->in_n };
		size_t n = line_end(v, strict);
		enum stream_end e;

		if (n > 0) {
			stream_skip(s, n);
			return verdict;
		}
		/* a CR may be the first half of the end */
		n = strict && v.n > 0 && v.p[v.n - 1] == '\r';
		stream_skip(s, v.n - n);
		e = fill(s, deadline, false);
		if (e != STREAM_OK)
			return e;
	}
}

static enum stream_end
judge_line(struct view *line, size_t max, bool strict)
{
	size_t with_end = line->n + 1;

	if (with_end > max)
		return STREAM_TOO_LONG;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	else if (strict)
		return STREAM_BARE;
	if (strict && memchr(line->p, '\r', line->n) != NULL)
		return STREAM_BARE;
	return STREAM_OK;
}

enum stream_end
stream_line(struct stream *s, struct view *line, size_t max, bool strict,
    int64_t deadline)
{
	size_t seen = 0; /* searched already */
	enum stream_end e = STREAM_OK;

	must(max <= IN_SIZE);
	*line = VIEW_NONE;
	if (s->amiss)
		e = skip_line(s, true, STREAM_OK, deadline);
	if (e != STREAM_OK)
		return e;
	s->amiss = false;
	for (;;) {
		struct view v = { s->in ? s->in + s->in_at : "", s->in_n };
		size_t at = seen + view_find(view_skip(v, seen), '\n');

		if (at < v.n) {
			s->amiss = strict && (at == 0 || v.p[at - 1] != '\r');
			*line = (struct view){ v.p, at };
			stream_skip(s, at + 1);
			return judge_line(line, max, strict);
		}
		seen = v.n;
		if (seen >= max || (s->in_at == 0 && seen == IN_SIZE))
			return skip_line(s, strict, STREAM_TOO_LONG,
			    deadline);
		e = fill(s, deadline, false);
		if (e != STREAM_OK)
			return e;
	}
}

void
stream_linger(struct stream *s)
{
	int64_t deadline = deadline_in(LINGER_MS);
	size_t taken = 0;

	stream_flush(s);
	/* in TLS the last word is the close that follows */
	if (s->tls == NULL)
		shutdown(s->fd, SHUT_WR);
	do {
		taken += s->in_n;
		stream_skip(s, s->in_n);
	} while (taken < LINGER_MOST &&
	    fill(s, deadline, false) == STREAM_OK);
}
