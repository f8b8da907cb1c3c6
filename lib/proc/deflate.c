/* SPDX-License-Identifier: ISC */
/*
 * deflate - zlib between a stream and its transport (RFC 4978)
 *
 * A window of 4 KiB towards the client is enough for lists of flags and for
 * headers, and costs a session 32 KiB instead of 256; what the client sends may
 * use all of 32 KiB, as it chooses. Buffers exist while they hold something.
 *
 * As with TLS, a write that must wait has taken nothing as far as its caller
 * knows: he comes again with the same octets, of which the compressed form is
 * kept here.
 */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "lib/proc/deflate.h"

#define LEVEL		6
#define WINDOW_OUT	12	/* 4 KiB; -n: without zlib's head */
#define WINDOW_IN	15	/* whatever the peer chose */
#define MEMORY		5
#define CHUNK		16384	/* octets compressed or read at once */

struct deflate {
	const struct stream_transport *below;
	z_stream in, out;
	unsigned char *raw;	/* read, not yet expanded; NULL while empty */
	struct str pending;	/* compressed, not yet sent */
	size_t sent, taken;	/* of pending; what it stands for */
	bool ended;		/* the peer's last block was seen */
};

/* ---- reading ---- */

static void
raw_drop(struct deflate *d)
{
	free(d->raw);
	d->raw = NULL;
}

/* Octets of the transport; what it returns. */
static ssize_t
raw_fill(struct stream *s, struct deflate *d, char *want)
{
	ssize_t n;

	if (d->raw == NULL)
		d->raw = xmalloc(CHUNK);
	n = d->below->read(s, d->raw, CHUNK, want);
	if (n > 0) {
		d->in.next_in = d->raw;
		d->in.avail_in = (unsigned)n;
	} else {
		int error = errno;

		raw_drop(d);
		errno = error;
	}
	return n;
}

/* Octets for the stream, 0 when more is needed, -1 for what is no DEFLATE; what
 * stands in front of that comes first, however the octets were cut. */
static ssize_t
expand(struct deflate *d, void *p, size_t n)
{
	ssize_t got;
	int result;

	d->in.next_out = p;
	d->in.avail_out = (unsigned)n;
	result = inflate(&d->in, Z_SYNC_FLUSH);
	got = (ssize_t)(n - d->in.avail_out);
	if (result == Z_STREAM_END)
		d->ended = true;
	else if (result != Z_OK && result != Z_BUF_ERROR && got == 0)
		return -1;
	return got;
}

static ssize_t
deflate_read(struct stream *s, void *p, size_t n, char *want)
{
	struct deflate *d = s->deflate;

	while (!d->ended) {
		/* zlib may hold output back for which there was no room */
		ssize_t got = expand(d, p, n);

		if (got > 0)
			return got;
		if (got < 0) {
			errno = EPROTO;
			return -1;
		}
		if (d->ended)
			break;
		got = raw_fill(s, d, want);
		if (got <= 0)
			return got;
	}
	return 0;
}

/* ---- writing ---- */

static void
compress_chunk(struct deflate *d, const void *p, size_t n)
{
	/* the bound does not count the flush: an empty stored block */
	size_t most = deflateBound(&d->out, n) + 16;

	d->taken = n < CHUNK ? n : CHUNK;
	d->sent = 0;
	d->out.next_in = (unsigned char *)(uintptr_t)p;
	d->out.avail_in = (unsigned)d->taken;
	d->out.next_out = (unsigned char *)str_room(&d->pending, most);
	d->out.avail_out = (unsigned)most;
	must(deflate(&d->out, Z_SYNC_FLUSH) == Z_OK && d->out.avail_in == 0 &&
	    d->out.avail_out > 0);
	d->pending.n = most - d->out.avail_out;
}

static ssize_t
deflate_write(struct stream *s, const void *p, size_t n, char *want)
{
	struct deflate *d = s->deflate;

	if (d->pending.n == 0)
		compress_chunk(d, p, n);
	must(d->taken <= n);
	while (d->sent < d->pending.n) {
		ssize_t put = d->below->write(s, d->pending.p + d->sent,
		    d->pending.n - d->sent, want);

		if (put <= 0)
			return put;
		d->sent += (size_t)put;
	}
	str_free(&d->pending);
	return (ssize_t)d->taken;
}

/* ---- life ---- */

static void
deflate_close(struct stream *s)
{
	struct deflate *d = s->deflate;

	s->deflate = NULL;
	s->transport = d->below;
	s->transport->close(s);
	inflateEnd(&d->in);
	deflateEnd(&d->out);
	raw_drop(d);
	str_free(&d->pending);
	free(d);
}

static const struct stream_transport transport = { deflate_read,
	deflate_write, deflate_close };

bool
deflate_start(struct stream *s)
{
	struct deflate *d = xcalloc(1, sizeof(*d));

	must(s->deflate == NULL && s->out.n == 0);
	if (deflateInit2(&d->out, LEVEL, Z_DEFLATED, -WINDOW_OUT, MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		free(d);
		return false;
	}
	if (inflateInit2(&d->in, -WINDOW_IN) != Z_OK) {
		deflateEnd(&d->out);
		free(d);
		return false;
	}
	stream_discard(s);
	d->below = s->transport;
	s->deflate = d;
	s->transport = &transport;
	s->drained = false;
	return true;
}

bool
deflate_is_on(const struct stream *s)
{
	return s->deflate != NULL;
}
