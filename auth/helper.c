/* SPDX-License-Identifier: ISC */
/*
 * helper - a socket from master, a question, a line
 *
 * A few helpers run at once, others wait for them in their order. Clients who
 * have guessed wrong lately do not wait: they would keep others waiting.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "auth/helper.h"
#include "auth/penalty.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/proc/fiber.h"
#include "lib/proc/service.h"

#define AT_ONCE		4	/* half of what master starts of a kind */
#define WAITING_MOST	64
#define TIME_MS		10000
#define LINE_MOST	512

static struct lane {
	unsigned running, waiting;
	struct fiber_queue queue;
} lanes[HELPER_OAUTH + 1];

static bool
enter(struct claim *a, struct lane *lane)
{
	bool suspect = penalty_is_suspect(str_view(&a->client), clock_ms());

	if (lane->running >= AT_ONCE &&
	    (suspect || lane->waiting >= WAITING_MOST))
		return why_later(&a->why, "7.0",
		    "Too many logins at once, try again later");
	lane->waiting++;
	while (lane->running >= AT_ONCE)
		fiber_queue_wait(&lane->queue, DEADLINE_NEVER);
	lane->waiting--;
	lane->running++;
	return true;
}

static void
leave(struct lane *lane)
{
	lane->running--;
	fiber_queue_wake(&lane->queue);
}

/* The socket of a fresh helper, or -1. */
static int
start(struct claim *a, enum helper_kind kind)
{
	struct message m = { .type = MSG_helper_start,
		.helper_start = { (uint8_t)kind } };
	struct reply r;
	int fd = -1;

	if (!service_call_master(&m, &r, deadline_in(TIME_MS), &a->why))
		return -1;
	if (reply_is(&r, MSG_helper_started, &a->why))
		fd = fd_take(&r.m.helper_started.socket);
	reply_free(&r);
	return fd;
}

/* Up to the line's end or that of the connection; false when it takes too long
 * or says too much. */
static bool
read_line(int fd, struct str *line)
{
	struct waiter_fd *watch = fd_watch(fd);
	int64_t deadline = deadline_in(TIME_MS);
	char piece[LINE_MOST];
	ssize_t n = -1;

	while (line->n < LINE_MOST && memchr(str_c(line), '\n', line->n) ==
		NULL) {
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			str_addn(line, piece, (size_t)n);
		else if (n == 0 || errno != EAGAIN ||
		    fd_wait_read(watch, deadline) != WAIT_READY)
			break;
	}
	fd_unwatch(&watch);
	return n >= 0 && line->n < LINE_MOST;
}

static bool
talk(int fd, struct view question, struct str *line)
{
	struct view all, first;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	/* less than a socket takes at once */
	if (!file_write_all(fd, question) || shutdown(fd, SHUT_WR) < 0 ||
	    !read_line(fd, line))
		return false;
	if (line->n == 0)
		return false;
	all = str_view(line);
	first = view_trim(view_cut(&all, '\n'));
	line->n = (size_t)(first.p + first.n - line->p);
	str_drop(line, (size_t)(first.p - line->p));
	return line->n > 0;
}

bool
helper_ask(struct claim *a, enum helper_kind kind, struct view question,
    struct str *line)
{
	struct lane *lane = &lanes[kind];
	bool ok;
	int fd;

	if (!enter(a, lane))
		return false;
	fd = start(a, kind);
	ok = fd >= 0 && talk(fd, question, line);
	if (fd >= 0) {
		close(fd);
		if (!ok)
			why_later(&a->why, "3.0", "The helper gives no answer");
	}
	leave(lane);
	if (!ok)
		log_error("auth", "%s: %s", kind == HELPER_PAM ? "pam" :
		    "oauth_program", a->why.text);
	return ok;
}
