/* SPDX-License-Identifier: ISC */
/*
 * pop3d_content - what TOP sends, and content through a real stream
 */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/file.h"
#include "lib/proc/stream.h"
#include "pop3d/content.h"

static const struct {
	const char *text;
	uint64_t lines;
	size_t wanted;
	bool done;
} tops[] = {
	{ "a: b\r\n\r\none\r\ntwo\r\n", 0, 8, true },
	{ "a: b\r\n\r\none\r\ntwo\r\n", 1, 13, true },
	{ "a: b\r\n\r\none\r\ntwo\r\n", 2, 18, true },
	{ "a: b\r\n\r\none\r\ntwo\r\n", 9, 18, false },
	{ "a: b\n\none\ntwo\n", 1, 10, true },
	{ "\r\none\r\ntwo\r\n", 1, 7, true },
	{ "\none\r\n", 0, 1, true },
	{ "a: b\r\n", 0, 6, false },
	{ "a: b", 3, 4, false },
	{ "a: b\r\n\r", 0, 7, false },
	{ "a: \r\r\n\r\nx", 0, 8, true },
	{ "\r\r\n\r\nx", 0, 5, true },
	{ "", 4, 0, false },
	{ "a: b\r\n\r\n\r\n\r\nx\r\n", 2, 12, true },
};

/* The same whole, and in pieces of every size. */
static void
test_top(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(tops); i++)
		for (size_t step = 1; step < 24; step++) {
			struct content_top t = { .lines = tops[i].lines };
			struct view rest = view_of(tops[i].text);
			size_t n = 0;

			while (rest.n > 0 && !t.done) {
				struct view v = rest;

				v.n = v.n < step ? v.n : step;
				n += content_top(&t, v);
				rest = view_skip(rest, v.n);
			}
			if (n != tops[i].wanted || t.done != tops[i].done)
				fail_msg("case %zu step %zu: %zu", i, step, n);
		}
}

/* ---- through a stream ---- */

struct trial {
	int fd;			/* the client's end */
	struct stream stream;
	struct view content;
	const struct content_top *top;
	uint64_t exactly;	/* if not 0 */
	bool ok;
	struct str got;
};

static void
server(void *arg)
{
	struct trial *t = arg;
	int fd = file_memfd("content", t->content);
	struct content_top top;
	uint64_t sent;

	if (t->top != NULL)
		top = *t->top;
	t->ok = t->exactly > 0
		    ? content_send_exactly(&t->stream, fd, t->exactly)
		    : content_send(&t->stream, &(struct content){ .fd = fd },
			  t->top ? &top : NULL, &sent);
	stream_flush(&t->stream);
	stream_close(&t->stream);
	close(fd);
}

static void
client(void *arg)
{
	struct trial *t = arg;
	struct stream s;
	struct view v;

	stream_open(&s, t->fd);
	while (stream_peek(&s, &v, deadline_in(10000)) == STREAM_OK) {
		str_add(&t->got, v);
		stream_skip(&s, v.n);
	}
	stream_close(&s);
	loop_stop();
}

static void
run(struct trial *t)
{
	int pair[2];

	str_reset(&t->got);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	t->fd = pair[0];
	stream_open(&t->stream, pair[1]);
	fiber_start(server, t);
	fiber_start(client, t);
	loop_run();
}

static void
test_send(void **state UNUSED)
{
	static const char *const cases[][2] = {
		{ "", ".\r\n" },
		{ "a\r\n", "a\r\n.\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ ".\r\n..\r\na.\r\n", "..\r\n...\r\na.\r\n.\r\n" },
		{ "a\r\n.", "a\r\n..\r\n.\r\n" },
	};
	struct trial t = { 0 };

	for (size_t i = 0; i < nitems(cases); i++) {
		t.content = view_of(cases[i][0]);
		run(&t);
		assert_true(t.ok);
		assert_string_equal(str_c(&t.got), cases[i][1]);
	}
	str_free(&t.got);
}

/* Several blocks, every line with a dot in front. */
static void
test_large(void **state UNUSED)
{
	const struct content_top head = { .lines = 20000 };
	struct str text = { 0 }, wanted = { 0 };
	struct trial t = { 0 };

	str_adds(&text, "s: x\r\n\r\n");
	str_adds(&wanted, "s: x\r\n\r\n");
	for (int i = 0; i < 30000; i++) {
		str_addf(&text, ".line %d\r\n", i);
		if (i < 20000)
			str_addf(&wanted, "..line %d\r\n", i);
	}
	str_adds(&wanted, ".\r\n");
	t.content = str_view(&text);
	t.top = &head;
	run(&t);
	assert_true(t.ok);
	assert_true(view_eq(str_view(&t.got), str_view(&wanted)));
	t.exactly = text.n;
	run(&t);
	assert_true(t.ok);
	assert_true(view_eq(str_view(&t.got), str_view(&text)));
	/* the file is shorter than what was announced */
	t.exactly = text.n + 1;
	run(&t);
	assert_false(t.ok);
	str_free(&text);
	str_free(&wanted);
	str_free(&t.got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
