/* SPDX-License-Identifier: ISC */
/*
 * proc_fiber - fibers, queues, deadlines, streams and channels at work on one
 * loop, with socket pairs for the outside
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/sys_build.h"
#include "lib/proc/channel.h"
#include "lib/proc/fiber.h"
#include "lib/proc/pool.h"
#include "lib/proc/stream.h"

/* A fiber is a thread to ThreadSanitizer, which can tell some thousands apart. */
#define MANY	(BUILD_TSAN ? 1000 : 10000)

static char story[4096];
static size_t told;

static void
tell(const char *word)
{
	told += (size_t)snprintf(story + told, sizeof(story) - told, "%s ",
	    word);
}

static int
fresh(void **unused)
{
	(void)unused;
	told = 0;
	story[0] = '\0';
	return 0;
}

/* ---- fibers ---- */

static struct fiber_queue queue;

static void
waits(void *name)
{
	tell(name);
	tell(fiber_queue_wait(&queue, DEADLINE_NEVER) == WAIT_READY ? "ready" :
								       "?");
	tell(name);
}

static void
wakes(void *unused)
{
	(void)unused;
	fiber_queue_wake(&queue);
	assert_int_equal(fiber_sleep(5), WAIT_TIMEOUT);
	fiber_queue_wake_all(&queue);
	fiber_sleep(1);
	loop_stop();
}

static void
queues_wake_in_order(void **unused)
{
	(void)unused;
	fiber_start(waits, "a");
	fiber_start(waits, "b");
	fiber_start(waits, "c");
	fiber_start(wakes, NULL);
	loop_run();
	assert_string_equal(story, "a b c ready a ready b ready c ");
	assert_int_equal(fiber_count(), 0);
}

static struct fiber *victim;

static void
is_cancelled(void *unused)
{
	(void)unused;
	victim = fiber_self();
	tell(fiber_sleep(60000) == WAIT_CANCELLED ? "cancelled" : "?");
	tell(fiber_sleep(60000) == WAIT_CANCELLED ? "still" : "?");
	loop_stop();
}

static void
cancels(void *unused)
{
	(void)unused;
	fiber_cancel(victim);
}

static void
cancelling_ends_every_wait(void **unused)
{
	(void)unused;
	fiber_start(is_cancelled, NULL);
	fiber_start(cancels, NULL);
	loop_run();
	assert_string_equal(story, "cancelled still ");
}

static void
sleeps(void *ms)
{
	char word[8];

	fiber_sleep((int64_t)(intptr_t)ms);
	snprintf(word, sizeof(word), "%d", (int)(intptr_t)ms);
	tell(word);
	if ((intptr_t)ms == 30)
		loop_stop();
}

static void
deadlines_come_in_order(void **unused)
{
	(void)unused;
	fiber_start(sleeps, (void *)30);
	fiber_start(sleeps, (void *)10);
	fiber_start(sleeps, (void *)20);
	loop_run();
	assert_string_equal(story, "10 20 30 ");
}

static int many_left;

static void
one_of_many(void *unused)
{
	char local[2000];

	(void)unused;
	memset(local, 1, sizeof(local));
	fiber_sleep(1);
	if (local[7] == 1 && --many_left == 0)
		loop_stop();
}

static void
as_many_fibers_as_sessions(void **unused)
{
	(void)unused;
	many_left = MANY;
	for (int i = 0; i < MANY; i++)
		fiber_start(one_of_many, NULL);
	loop_run();
	assert_int_equal(many_left, 0);
}

static void
in_thread(void *p)
{
	*(int *)p *= 2;
}

static void
uses_pool(void *unused)
{
	int a = 21, b = 4, c = 5;
	void *args[] = { &a, &b, &c };

	(void)unused;
	pool_map(in_thread, args, 3);
	assert_int_equal(a, 42);
	assert_int_equal(b + c, 18);
	pool_call(in_thread, &a);
	assert_int_equal(a, 84);
	loop_stop();
}

static void
pool_answers(void **unused)
{
	(void)unused;
	pool_start(3);
	fiber_start(uses_pool, NULL);
	loop_run();
}

/* ---- streams ---- */

static int pair[2];

static const struct {
	const char *in;
	bool strict;
	enum stream_end end;
	const char *line;
} lines[] = {
	{ "HELO x\r\n", true, STREAM_OK, "HELO x" },
	{ "\r\n", true, STREAM_OK, "" },
	{ "HELO x\nQUIT\n\r.\n\r\n", true, STREAM_BARE, NULL },
	{ "\n\r\n", true, STREAM_BARE, NULL },
	{ "NOOP\r\n", true, STREAM_OK, "NOOP" },
	{ "0123456789012345678901234567890123456789\nQUIT\r\n", true,
	    STREAM_TOO_LONG, NULL },
	{ "NOOP\r\n", true, STREAM_OK, "NOOP" },
	{ "HE\rLO\r\n", true, STREAM_BARE, NULL },
	{ "HELO x\n", false, STREAM_OK, "HELO x" },
	{ "HE\rLO\r\n", false, STREAM_OK, "HE\rLO" },
	{ "0123456789012345678901234567890123456789\r\n", true,
	    STREAM_TOO_LONG, NULL },
	{ "012345678901234567890123456789\r\n", true, STREAM_OK,
	    "012345678901234567890123456789" },
	{ "0123456789012345678901234567890\r\n", true, STREAM_TOO_LONG, NULL },
};

static void
feeds(void *bytewise)
{
	for (size_t i = 0; i < nitems(lines); i++) {
		size_t n = strlen(lines[i].in);
		size_t step = bytewise ? 1 : n;

		for (size_t at = 0; at < n; at += step) {
			assert_int_equal(write(pair[1], lines[i].in + at,
					     step), step);
			if (bytewise)
				fiber_sleep(0);
		}
	}
	close(pair[1]);
}

static void
reads(void *unused)
{
	struct stream s;
	struct view line;

	(void)unused;
	stream_open(&s, pair[0]);
	for (size_t i = 0; i < nitems(lines); i++) {
		assert_int_equal(stream_line(&s, &line, 32, lines[i].strict,
				     deadline_in(5000)), lines[i].end);
		if (lines[i].line == NULL)
			continue;
		assert_true(view_is(line, lines[i].line));
		/* a line that was wiped is gone, and no other one is */
		stream_wipe(&s);
		assert_true(line.n == 0 || line.p[0] == '\0');
		assert_true(line.n == 0 || line.p[line.n - 1] == '\0');
	}
	assert_int_equal(stream_line(&s, &line, 32, true, deadline_in(5000)),
	    STREAM_EOF);
	stream_close(&s);
	loop_stop();
}

static void
lines_whole_and_byte_by_byte(void **unused)
{
	(void)unused;
	for (intptr_t bytewise = 0; bytewise < 2; bytewise++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		fiber_start(reads, NULL);
		fiber_start(feeds, (void *)bytewise);
		loop_run();
	}
}

static void
writes_much(void *unused)
{
	struct stream s;
	char block[1000];

	(void)unused;
	memset(block, 'x', sizeof(block));
	stream_open(&s, pair[0]);
	for (int i = 0; i < 5000; i++)
		assert_true(stream_write(&s, view_bytes(block, sizeof(block))));
	assert_true(stream_flush(&s));
	stream_close(&s);
}

static void
reads_much(void *unused)
{
	struct stream s;
	struct view v;
	size_t all = 0;

	(void)unused;
	stream_open(&s, pair[1]);
	while (stream_peek(&s, &v, deadline_in(5000)) == STREAM_OK) {
		all += v.n;
		stream_skip(&s, v.n);
	}
	assert_int_equal(all, 5000000);
	stream_close(&s);
	loop_stop();
}

static void
output_waits_for_the_peer(void **unused)
{
	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fiber_start(writes_much, NULL);
	fiber_start(reads_much, NULL);
	loop_run();
}

/* Both ends of a TCP connection. */
static void
connect_pair(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(to);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (void *)&to, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (void *)&to, &n), 0);
	pair[1] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair[1], (void *)&to, n), 0);
	pair[0] = accept(fd, NULL, NULL);
	assert_true(pair[0] >= 0);
	close(fd);
}

static void
reads_to_the_reset(void *unused)
{
	struct stream s;
	struct view v;
	enum stream_end e;

	(void)unused;
	stream_open(&s, pair[0]);
	while ((e = stream_peek(&s, &v, deadline_in(20000))) == STREAM_OK)
		stream_skip(&s, v.n);
	assert_int_equal(e, STREAM_EOF);
	stream_close(&s);
	loop_stop();
}

static void
resets(void *unused)
{
	struct linger now = { 1, 0 };

	(void)unused;
	fiber_sleep(20);	/* until the reader waits */
	assert_int_equal(send(pair[1], "last", 4, 0), 4);
	setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(pair[1]);
}

/* One edge for the octets and the reset: the reader hears of both. */
static void
a_reset_is_noticed(void **unused)
{
	(void)unused;
	connect_pair();
	fiber_start(reads_to_the_reset, NULL);
	fiber_start(resets, NULL);
	loop_run();
}

/* ---- channels ---- */

static int asked;

static void
on_route(struct channel *c, uint32_t tag, struct msg_route *m)
{
	struct why w;

	asked++;
	if (view_is(m->recipient, "nobody@x"))
		why_never(&w, "1.1", "User unknown");
	else
		why_done(&w, "1.5", "ok %.*s", VIEW(m->recipient));
	channel_answer(c, tag, &w);
}

static int got_fds;

static void
on_welcome(struct channel *c, uint32_t tag, struct msg_welcome *m)
{
	(void)c;
	(void)tag;
	assert_true(fcntl(m->settings, F_GETFD) >= 0);
	got_fds++;
}

static void
on_closed(struct channel *c)
{
	(void)c;
	tell("closed");
}

static const struct handlers router = { .route = on_route };
static const struct handlers child = { .welcome = on_welcome,
	.closed = on_closed };
static struct channel *ends[2];

static void
asks(void *name)
{
	struct message m = { .type = MSG_route,
		.route = { .recipient = view_of(name) } };
	struct reply r;
	struct why w;

	if (!channel_call(ends[0], &m, &r, deadline_in(5000), &w))
		tell("broken");
	else if (!reply_is(&r, MSG_answer, &w))
		tell(w.text);
	else
		tell("ok");
	reply_free(&r);
	if (--many_left == 0)
		loop_stop();
}

static void
open_pair(unsigned a, unsigned b, const struct handlers *ha,
    const struct handlers *hb)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ends[0] = channel_open(pair[0], a, (struct peer_id){ b, 0, 1 }, ha);
	ends[1] = channel_open(pair[1], b, (struct peer_id){ a, 0, 2 }, hb);
}

static void
calls_get_their_answers(void **unused)
{
	(void)unused;
	open_pair(ROLE_SMTPD, ROLE_ROUTER, &child, &router);
	many_left = 3;
	fiber_start(asks, "a@x");
	fiber_start(asks, "nobody@x");
	fiber_start(asks, "b@x");
	loop_run();
	assert_string_equal(story, "ok User unknown ok ");
	channel_close(&ends[0]);
	channel_close(&ends[1]);
}

static void
breaks(void *unused)
{
	(void)unused;
	channel_close(&ends[1]);
}

static void
a_lost_link_breaks_calls(void **unused)
{
	static const struct handlers deaf = { .route = NULL };

	(void)unused;
	(void)deaf;
	open_pair(ROLE_SMTPD, ROLE_ROUTER, &child, &router);
	many_left = 1;
	fiber_start(breaks, NULL);
	fiber_start(asks, "a@x");
	loop_run();
	assert_non_null(strstr(story, "broken"));
	assert_non_null(strstr(story, "closed"));
}

static void
sends_fds(void *unused)
{
	(void)unused;
	for (int i = 0; i < 600; i++) {
		struct message m = { .type = MSG_welcome,
			.welcome = { .settings = open("/dev/null", O_RDONLY),
			    .log = -1 } };

		assert_true(m.welcome.settings >= 0);
		assert_true(channel_send(ends[1], &m));
	}
	for (int i = 0; i < 1000 && got_fds < 600; i++)
		fiber_sleep(1);
	loop_stop();
}

static void
descriptors_arrive_with_their_frames(void **unused)
{
	int before = open("/dev/null", O_RDONLY), after;

	(void)unused;
	open_pair(ROLE_SMTPD, ROLE_MASTER, &child, &router);
	fiber_start(sends_fds, NULL);
	loop_run();
	assert_int_equal(got_fds, 600);
	channel_close(&ends[0]);
	channel_close(&ends[1]);
	close(before);
	after = open("/dev/null", O_RDONLY);
	assert_int_equal(before, after); /* none leaked below */
	close(after);
}

static void
garbage(void *unused)
{
	static const char junk[] = "\0\0\0\x10\0\x14\0\0\0\0\0\1AAAA";

	(void)unused;
	assert_true(write(pair[1], junk, sizeof(junk)) > 0);
	fiber_sleep(20);
	close(pair[1]);
	loop_stop();
}

static void
a_malformed_frame_costs_the_link(void **unused)
{
	static const struct handlers trusted = { .route = on_route,
		.closed = on_closed };

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	channel_open(pair[0], ROLE_ROUTER, (struct peer_id){ ROLE_SMTPD, 0, 9 },
	    &trusted);
	asked = 0;
	fiber_start(garbage, NULL);
	loop_run();
	assert_string_equal(story, "closed ");
	assert_int_equal(asked, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(queues_wake_in_order, fresh),
		cmocka_unit_test_setup(cancelling_ends_every_wait, fresh),
		cmocka_unit_test_setup(deadlines_come_in_order, fresh),
		cmocka_unit_test_setup(as_many_fibers_as_sessions, fresh),
		cmocka_unit_test_setup(pool_answers, fresh),
		cmocka_unit_test_setup(lines_whole_and_byte_by_byte, fresh),
		cmocka_unit_test_setup(output_waits_for_the_peer, fresh),
		cmocka_unit_test_setup(a_reset_is_noticed, fresh),
		cmocka_unit_test_setup(calls_get_their_answers, fresh),
		cmocka_unit_test_setup(a_lost_link_breaks_calls, fresh),
		cmocka_unit_test_setup(descriptors_arrive_with_their_frames,
		    fresh),
		cmocka_unit_test_setup(a_malformed_frame_costs_the_link, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
