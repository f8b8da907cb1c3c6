/* SPDX-License-Identifier: ISC */
/*
 * proc_deflate - what goes in comes out, however the transport cuts it
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/proc/deflate.h"

/* A peer in memory, below the compression. */
static struct {
	struct str in, out;	/* for the server to read; that it wrote */
	size_t piece;
	unsigned turn;		/* each third call must wait */
} wire;

static bool
must_wait(char *want, char what)
{
	*want = what;
	errno = EAGAIN;
	return ++wire.turn % 3 == 0;
}

static ssize_t
wire_read(struct stream *s UNUSED, void *p, size_t n, char *want)
{
	if (must_wait(want, 'r'))
		return -1;
	if (n > wire.piece)
		n = wire.piece;
	if (n > wire.in.n)
		n = wire.in.n;
	memcpy(p, str_c(&wire.in), n);
	str_drop(&wire.in, n);
	return (ssize_t)n;
}

static ssize_t
wire_write(struct stream *s UNUSED, const void *p, size_t n, char *want)
{
	if (must_wait(want, 'w'))
		return -1;
	if (n > wire.piece)
		n = wire.piece;
	str_addn(&wire.out, p, n);
	return (ssize_t)n;
}

static void
wire_close(struct stream *s UNUSED)
{
}

static const struct stream_transport below = { wire_read, wire_write,
	wire_close };

static struct stream
begin(size_t piece)
{
	struct stream s = { .fd = -1, .transport = &below };

	wire.piece = piece;
	assert_true(deflate_start(&s));
	assert_true(deflate_is_on(&s));
	return s;
}

static void
end(struct stream *s)
{
	s->transport->close(s);
	assert_false(deflate_is_on(s));
	assert_ptr_equal(s->transport, &below);
	str_free(&wire.in);
	str_free(&wire.out);
}

static void
send_whole(struct stream *s, struct view v)
{
	char want;

	while (v.n > 0) {
		ssize_t n = s->transport->write(s, v.p, v.n, &want);

		if (n > 0)
			v = view_skip(v, (size_t)n);
		else
			assert_int_equal(errno, EAGAIN);
	}
}

/* Read until the end or an error; what errno was. */
static int
read_whole(struct stream *s, size_t piece, struct str *to)
{
	char buffer[8192], want;
	ssize_t n;

	for (;;) {
		n = s->transport->read(s, buffer, piece, &want);
		if (n > 0)
			str_addn(to, buffer, (size_t)n);
		else if (n == 0)
			return 0;
		else if (errno != EAGAIN)
			return errno;
	}
}

/* Lines that compress well, and noise that does not. */
static void
make_text(struct str *out)
{
	for (unsigned i = 0; i < 20000; i++)
		str_addf(out, "* %u FETCH (FLAGS (\\Seen))\r\n", i);
	for (unsigned i = 0; i < 100000; i++)
		str_addc(out, (char)(i * 2654435761u >> 13));
}

static void
test_round_trip(void **state UNUSED)
{
	static const size_t pieces[] = { 1, 7, 4096, 100000 };

	for (size_t i = 0; i < nitems(pieces); i++) {
		struct str text = { 0 }, back = { 0 };
		struct stream s = begin(pieces[i]);

		make_text(&text);
		send_whole(&s, str_view(&text));
		assert_true(wire.out.n < text.n / 2);
		wire.in = wire.out;
		wire.out = (struct str){ 0 };
		assert_int_equal(read_whole(&s, 1 + i * 777, &back), 0);
		assert_true(view_eq(str_view(&text), str_view(&back)));
		str_free(&text);
		str_free(&back);
		end(&s);
	}
}

/* Each write can be read without waiting for the next one. */
static void
test_flushed(void **state UNUSED)
{
	struct stream s = begin(4096);
	struct str back = { 0 };

	send_whole(&s, VIEW_LIT("a1 OK done\r\n"));
	wire.in = wire.out;
	wire.out = (struct str){ 0 };
	assert_int_equal(read_whole(&s, 100, &back), 0);
	assert_string_equal(str_c(&back), "a1 OK done\r\n");
	str_free(&back);
	end(&s);
}

static void
test_garbage(void **state UNUSED)
{
	struct stream s = begin(4096);
	struct str back = { 0 };

	str_adds(&wire.in, "a1 NOOP\r\n\xff\xff\xff\xff");
	assert_int_equal(read_whole(&s, 100, &back), EPROTO);
	str_free(&back);
	end(&s);
}

/* The peer's last block is the end, whatever stands behind it. */
static void
test_last_block(void **state UNUSED)
{
	struct stream s = begin(4096);
	struct str back = { 0 };

	str_addn(&wire.in, "\x03\x00", 2);
	str_adds(&wire.in, "more");
	assert_int_equal(read_whole(&s, 100, &back), 0);
	assert_int_equal(back.n, 0);
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_flushed),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_last_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
