/* SPDX-License-Identifier: ISC */
/*
 * log - lines to the journal, to a file or to stderr
 *
 * The tag is "posthouse/smtpd[pid]", as the log readers of the field expect.
 * The journal gets fields beside it (lib/base/journal.h); where there is none,
 * syslog gets the line alone; each line is a datagram. A file gets an RFC 3339
 * time and the host name in front. A running service collects its lines and
 * writes them once a turn (log_hold, log_flush), but at once what reports an
 * error.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/journal.h"
#include "lib/base/log.h"

#define QUOTES		8
#define QUOTE_MOST	256
#define HELD_MOST	32768
#define DATAGRAMS	64	/* held at most, and sent at once */

static struct {
	char ident[48], tag[64], host[64];
	int fd;		/* file, or -1 */
	int journal;	/* connected socket: the journal's, or -1 */
	int syslog;	/* the same to /dev/log, where no journal runs */
	enum log_level least;
	bool open, hold;
	struct str held;
	size_t end[DATAGRAMS], datagrams;	/* in held; none for a file */
} logger = { .fd = STDERR_FILENO, .journal = -1, .syslog = -1,
	.least = LOG_LEVEL_INFO };

/* A socket for datagrams to this path; -1 where nobody listens. */
static int
connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strlcpy(to.sun_path, path, sizeof(to.sun_path));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void
log_open(const char *ident, const char *program, int fd, enum log_level least)
{
	char *dot;

	snprintf(logger.ident, sizeof(logger.ident), "%s/%s", ident, program);
	snprintf(logger.tag, sizeof(logger.tag), "%s[%d]", logger.ident,
	    (int)getpid());
	if (gethostname(logger.host, sizeof(logger.host)) < 0)
		strlcpy(logger.host, "localhost", sizeof(logger.host));
	logger.host[sizeof(logger.host) - 1] = '\0';
	dot = strchr(logger.host, '.');
	if (dot != NULL)
		*dot = '\0';
	logger.fd = fd;
	logger.least = least;
	logger.open = true;
	if (fd < 0 && (logger.journal = connect_to(JOURNAL_SOCKET)) < 0 &&
	    (logger.syslog = connect_to("/dev/log")) < 0)
		logger.fd = STDERR_FILENO;
}

void
log_set_level(enum log_level least)
{
	logger.least = least;
}

/* One that the other end does not take is left out, as there is nobody to tell. */
static void
send_datagrams(int fd)
{
	struct mmsghdr m[DATAGRAMS] = { 0 };
	struct iovec iov[DATAGRAMS];
	size_t at = 0, sent = 0;

	for (size_t i = 0; i < logger.datagrams; i++) {
		iov[i].iov_base = logger.held.p + at;
		iov[i].iov_len = logger.end[i] - at;
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
		at = logger.end[i];
	}
	while (sent < logger.datagrams) {
		int n = sendmmsg(fd, m + sent,
		    (unsigned)(logger.datagrams - sent), MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 1;
	}
	logger.datagrams = 0;
}

void
log_flush(void)
{
	if (logger.datagrams > 0)
		send_datagrams(logger.journal >= 0 ? logger.journal :
		    logger.syslog);
	else if (logger.held.n > 0)
		(void)!file_write_all(logger.fd, str_view(&logger.held));
	str_reset(&logger.held);
}

void
log_hold(bool on)
{
	logger.hold = on;
	log_flush();
}

static void
to_system(enum log_level level, struct view line)
{
	static const int priority[] = { LOG_DEBUG, LOG_INFO, LOG_WARNING,
		LOG_ERR };

	if (logger.journal >= 0) {
		journal_entry(&logger.held, logger.ident, (int)getpid(),
		    priority[level], line);
	} else {
		str_addf(&logger.held, "<%d>%s: ", LOG_MAIL | priority[level],
		    logger.tag);
		str_add(&logger.held, line);
	}
	logger.end[logger.datagrams++] = logger.held.n;
}

static void
stamp(struct str *out)
{
	static int64_t last = -1;
	static char text[40];
	int64_t us = clock_wall_us();

	if (us / 1000000 != last) {
		time_t t = (time_t)(us / 1000000);
		struct tm tm;

		last = us / 1000000;
		gmtime_r(&t, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	}
	str_addf(out, "%s.%06dZ %s %s: ", text, (int)(us % 1000000),
	    logger.host, logger.tag);
}

static void
to_file(struct view line)
{
	if (logger.open)
		stamp(&logger.held);
	str_add(&logger.held, line);
	str_addc(&logger.held, '\n');
}

void
log_line(enum log_level level, const char *subject, const char *fmt, ...)
{
	char line[2048];
	size_t n = 0;
	va_list ap;

	if (level < logger.least)
		return;
	if (level == LOG_LEVEL_WARNING)
		n += strlcpy(line + n, "warning: ", sizeof(line) - n);
	if (subject != NULL)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%.128s: ",
		    subject);
	va_start(ap, fmt);
	n += (size_t)vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	if (n > sizeof(line) - 1)
		n = sizeof(line) - 1;
	/* what log_quote() would have escaped must not reach a terminal */
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 32 || (unsigned char)line[i] > 126)
			line[i] = '?';
	if (logger.open && logger.fd < 0)
		to_system(level, view_bytes(line, n));
	else
		to_file(view_bytes(line, n));
	if (!logger.hold || level >= LOG_LEVEL_ERROR ||
	    logger.held.n > HELD_MOST || logger.datagrams == DATAGRAMS)
		log_flush();
}

const char *
log_quote(struct view v)
{
	static char ring[QUOTES][QUOTE_MOST];
	static unsigned next;
	char *out = ring[next++ % QUOTES], *p = out;
	char *end = out + QUOTE_MOST - 5;

	for (size_t i = 0; i < v.n && p < end; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c > 32 && c < 127 && c != '"' && c != '\\')
			*p++ = (char)c;
		else
			p += snprintf(p, 5, "\\x%02x", c);
	}
	*p = '\0';
	return out;
}
