/* SPDX-License-Identifier: ISC */
/*
 * proc_deflate - compressed octets of a peer
 *
 * However they are cut, they expand to the same, and to no more than DEFLATE
 * can make of them.
 */
#include <errno.h>

#include "lib/proc/deflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct view wire;
static size_t piece;

static ssize_t
wire_read(struct stream *s UNUSED, void *p, size_t n, char *want)
{
	*want = 'r';
	if (n > piece)
		n = piece;
	if (n > wire.n)
		n = wire.n;
	memcpy(p, wire.p, n);
	wire = view_skip(wire, n);
	return (ssize_t)n;
}

static ssize_t
wire_write(struct stream *s UNUSED, const void *p UNUSED, size_t n UNUSED,
    char *want)
{
	*want = 'w';
	errno = EPIPE;
	return -1;
}

static void
wire_close(struct stream *s UNUSED)
{
}

static void
expand(struct view v, size_t cut, struct str *out)
{
	static const struct stream_transport below = { wire_read, wire_write,
		wire_close };
	struct stream s = { .fd = -1, .transport = &below };
	char buffer[4096], want;
	ssize_t n;

	wire = v;
	piece = cut;
	must(deflate_start(&s));
	while ((n = s.transport->read(&s, buffer, sizeof(buffer), &want)) > 0)
		str_addn(out, buffer, (size_t)n);
	s.transport->close(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str whole = { 0 }, cut = { 0 };

	if (size > 2048)
		return 0;
	expand(view_bytes(data, size), 4096, &whole);
	expand(view_bytes(data, size), 3, &cut);
	must(view_eq(str_view(&whole), str_view(&cut)));
	must(whole.n <= size * 1040);
	str_free(&whole);
	str_free(&cut);
	return 0;
}
