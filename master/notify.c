/* SPDX-License-Identifier: ISC */
/*
 * notify - datagrams to NOTIFY_SOCKET
 *
 * A path, or an abstract name when it begins with @. The watchdog is fed from
 * the loop's timer at half its time: as long as the loop turns, master lives.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/view.h"
#include "lib/proc/fiber.h"
#include "master/notify.h"

static int to = -1;
static struct loop_timer *watchdog;
static int64_t watchdog_ms;

static void
feed(void *unused)
{
	(void)unused;
	notify_say("WATCHDOG=1");
	loop_timer_free(&watchdog);
	watchdog = loop_timer_new(watchdog_ms, feed, NULL);
}

static void
watchdog_start(void)
{
	const char *us = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t n;

	if (us == NULL || !view_u64(view_of(us), INT64_MAX, &n) || n == 0)
		return;
	if (pid != NULL && atoi(pid) != getpid())
		return;
	watchdog_ms = (int64_t)(n / 2000);
	watchdog = loop_timer_new(watchdog_ms, feed, NULL);
}

void
notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = path == NULL ? 0 : strlen(path);

	if (n < 2 || n >= sizeof(un.sun_path))
		return;
	memcpy(un.sun_path, path, n);
	if (path[0] == '@')
		un.sun_path[0] = '\0';
	to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (to >= 0 &&
	    connect(to, (struct sockaddr *)&un,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
		close(to);
		to = -1;
	}
	watchdog_start();
	unsetenv("NOTIFY_SOCKET");
}

void
notify_say(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	if (to < 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(text))
		send(to, text, (size_t)n, MSG_NOSIGNAL);
}

void
notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_say("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading settings",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}
