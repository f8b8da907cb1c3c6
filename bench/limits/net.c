/* SPDX-License-Identifier: ISC */
/*
 * net - round trips over loopback, descriptors over a UNIX socket
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/limits/limits.h"

static struct sockaddr_in server;

static void no_delay(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

static void *echo(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char b[512];

	for (ssize_t n; (n = read(fd, b, sizeof(b))) > 0;)
		if (write(fd, b, (size_t)n) != n)
			break;
	close(fd);
	return NULL;
}

static void *accept_all(void *arg)
{
	int fd;

	while ((fd = accept((int)(intptr_t)arg, NULL, NULL)) != -1) {
		pthread_t t;
		no_delay(fd);
		if (pthread_create(&t, NULL, echo, (void *)(intptr_t)fd) != 0)
			die("pthread_create");
		pthread_detach(t);
	}
	return NULL;
}

void echo_start(void)
{
	socklen_t len = sizeof(server);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t t;

	server = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)&server, len) == -1 || listen(fd, 128) == -1 ||
	    getsockname(fd, (struct sockaddr *)&server, &len) == -1 ||
	    pthread_create(&t, NULL, accept_all, (void *)(intptr_t)fd) != 0)
		die("listen");
	pthread_detach(t);
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) == -1)
		die("connect");
	no_delay(fd);
	return fd;
}

static void there_and_back(int fd)
{
	char b[64];

	if (write(fd, block, 32) != 32 || read(fd, b, sizeof(b)) <= 0)
		die("round trip");
}

void round_trip(long n)
{
	int fd = dial();

	(void)n;
	for (; time_is_left(); done++)
		there_and_back(fd);
	close(fd);
}

void connect_round_trip(long n)
{
	(void)n;
	for (; time_is_left(); done++) {
		int fd = dial();
		there_and_back(fd);
		close(fd);
	}
}

static void descriptors_back(int socket)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char c;
	struct iovec v = { &c, 1 };

	for (;;) {
		struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.space,
			.msg_controllen = sizeof(control.space) };
		int fd;
		if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) <= 0)
			return;
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
		close(fd);
		if (write(socket, &c, 1) != 1)
			return;
	}
}

static bool send_descriptor(int socket, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)) } };
	char c = 'd';
	struct iovec v = { &c, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.space,
		.msg_controllen = sizeof(control.space) };

	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	return sendmsg(socket, &m, MSG_NOSIGNAL) == 1;
}

void pass_descriptor(long n)
{
	int pair[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char c;

	(void)n;
	if (null == -1 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		die("socketpair");
	pid_t child = fork();
	if (child == 0) {
		close(pair[0]);
		descriptors_back(pair[1]);
		_exit(0);
	}
	close(pair[1]);
	for (; time_is_left(); done++)
		if (!send_descriptor(pair[0], null) || read(pair[0], &c, 1) != 1)
			die("descriptor");
	close(pair[0]);
	close(null);
	waitpid(child, NULL, 0);
}
