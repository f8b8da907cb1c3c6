/* SPDX-License-Identifier: ISC */
/*
 * bridge - copy octets between standard input and the submit socket
 *
 * A terminal sends LF for the return key; then lines get their CR here.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/mail/text.h"
#include "sendmail/bridge.h"
#include "sendmail/submit.h"

/* Returns the octets copied: 0 at the end, -1 on an error. */
static ssize_t
copy(int from, int to, struct text_wire *wire)
{
	char buffer[16384];
	struct str out = { 0 };
	ssize_t n = read(from, buffer, sizeof(buffer));
	bool ok = true;

	if (n <= 0)
		return n < 0 && errno == EINTR ? 1 : n;
	if (wire != NULL) {
		text_wire(wire, view_bytes(buffer, (size_t)n), &out);
		ok = file_write_all(to, str_view(&out));
	} else {
		ok = file_write_all(to, view_bytes(buffer, (size_t)n));
	}
	str_free(&out);
	return ok ? n : -1;
}

int
bridge_run(const char *run_dir)
{
	struct text_wire wire = { 0 };
	bool typed = isatty(STDIN_FILENO);
	int fd = submit_connect(run_dir);
	struct pollfd poll_fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };

	if (fd < 0) {
		printf("421 4.3.2 The mail server is not running\r\n");
		return EX_TEMPFAIL;
	}
	for (;;) {
		if (poll(poll_fds, 2, -1) < 0 && errno != EINTR)
			return EX_OSERR;
		if (poll_fds[1].revents != 0 &&
		    copy(fd, STDOUT_FILENO, NULL) <= 0)
			break;
		if (poll_fds[0].revents != 0 &&
		    copy(STDIN_FILENO, fd, typed ? &wire : NULL) <= 0) {
			/* the rest of the answers may still come */
			shutdown(fd, SHUT_WR);
			poll_fds[0].fd = -1;
		}
	}
	close(fd);
	return EX_OK;
}
