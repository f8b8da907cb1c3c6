/* SPDX-License-Identifier: ISC */
/*
 * resolver_stub - what a server says under another number is not believed
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/proc/fiber.h"
#include "resolver/stub.h"

#define WAIT_MS	3000

enum { REFUSED = 0x8185, NO_NAME = 0x81a3 };	/* the latter with AD */

static struct dns_answer got;

static int
bound(struct server *server)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	assert_true(address16_parse(VIEW_LIT("127.0.0.1"), &server->address));
	server->port = ntohs(a.sin_port);
	return fd;
}

/* One question is answered, with the number changed by so much. */
static void
answer(int fd, unsigned flags, char difference)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char octets[512];
	ssize_t n = recvfrom(fd, octets, sizeof(octets), 0,
	    (struct sockaddr *)&from, &size);

	octets[0] ^= difference;
	octets[2] = (char)(flags >> 8);
	octets[3] = (char)flags;
	sendto(fd, octets, (size_t)n, 0, (struct sockaddr *)&from, size);
}

static void
on_answer(UNUSED void *arg, const struct dns_answer *a)
{
	got = *a;
	loop_stop();
}

static void
ask(const struct sources *s)
{
	const struct question q = { VIEW_LIT("www.example"), DNS_A };

	stub_ask(s, &q, deadline_in(WAIT_MS), on_answer, NULL);
	loop_run();
}

/* The first refuses once, the second is forged; then both are silent. */
static void
a_wrong_number_changes_nothing(UNUSED void **state)
{
	struct sources s = { .servers = 2 };
	int first = bound(&s.server[0]), second = bound(&s.server[1]);
	pid_t pid = fork();

	if (pid == 0) {
		answer(first, REFUSED, 0);
		answer(second, NO_NAME, 1);
		pause();
	}
	ask(&s);
	assert_int_equal(got.result, DNS_FAILED);
	assert_false(got.secure);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(first);
	close(second);
}

static void
the_right_number_is_believed(UNUSED void **state)
{
	struct sources s = { .servers = 1 };
	int fd = bound(&s.server[0]);
	pid_t pid = fork();

	if (pid == 0) {
		answer(fd, NO_NAME, 0);
		pause();
	}
	ask(&s);
	assert_int_equal(got.result, DNS_NO_NAME);
	assert_true(got.secure);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_number_changes_nothing),
		cmocka_unit_test(the_right_number_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
