/* SPDX-License-Identifier: ISC */
/*
 * deliver - one mail to a command or a file that an alias names
 *
 * Started by master when local asks for it, as the user of the setting
 * alias_user and never as root: once for each delivery. It reads from its
 * standard input what is to be done (deliver/order.h), sees that the target
 * stands in one of the alias files, delivers, writes "VERDICT STATUS SENTENCE",
 * and exits. Descriptor 3 is the content, those behind it are the alias files.
 * Arguments are the seconds that a command may take, and the characters that
 * divide a name from a detail.
 *
 * What it starts has its rights, so it has none but those of its user: nothing
 * of the server is his.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "deliver/command.h"
#include "deliver/letter.h"
#include "deliver/maildir.h"
#include "deliver/mbox.h"
#include "deliver/source.h"
#include "lib/base/question.h"

#define QUESTION_MOST	8192
#define CONTENT		3	/* descriptors */
#define ALIASES		4
#define SECONDS_MOST	86400

struct means {
	int64_t seconds;
	const char *delimiters;
};

/* Is local still there? What it does not hear of is tried again. */
static bool
is_heard(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) <= 0 || (p.revents & (POLLHUP | POLLERR)) == 0;
}

static bool
read_order(struct order *o, struct str *text)
{
	const char *field[ORDER_FIELDS];
	const char **const fields[ORDER_FIELDS] = { &field[0], &field[1],
		&field[2], &field[3], &field[4], &field[5], &field[6],
		&field[7], &field[8] };

	text->limit = QUESTION_MOST;
	return question_read(text, fields, ORDER_FIELDS) &&
	    order_take(o, field);
}

static bool
deliver_to_target(const struct order *o, const struct means *m, struct why *w)
{
	if (o->target.p[0] == '|')
		return command_deliver(o, CONTENT, m->seconds, m->delimiters,
		    is_heard, w);
	if (view_is(o->target, "/dev/null"))
		return why_done(w, "0.0", "thrown away: /dev/null");
	if (o->target.p[o->target.n - 1] == '/')
		return maildir_deliver(o, CONTENT, w);
	return mbox_deliver(o, CONTENT, is_heard, w);
}

static bool
deliver(const struct order *o, const struct means *m, struct why *w)
{
	if (geteuid() == 0 || getegid() == 0)
		return why_later(w, "3.5", "commands and files are never "
		    "root's");
	if (!source_has(ALIASES, o, m->delimiters, w))
		return false;
	if (letter_is_loop(CONTENT, o))
		return why_never(w, "4.6", "mail forwarding loop for %.160s",
		    o->address.p);
	return deliver_to_target(o, m, w);
}

/* Neither the content nor the alias files are for a command: not the one that is
 * started here, and not another one that looks at its brother. */
static void
bound(void)
{
	const struct rlimit nothing = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &nothing);
	for (int fd = CONTENT; fcntl(fd, F_GETFD) >= 0; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	umask(077);
}

static bool
take_means(struct means *m, int argc, char **argv)
{
	uint64_t n;

	if (argc != 3 || !view_u64(view_of(argv[1]), SECONDS_MOST, &n) ||
	    n == 0)
		return false;
	m->seconds = (int64_t)n;
	m->delimiters = argv[2];
	return true;
}

int
main(int argc, char **argv)
{
	struct str text = { 0 };
	struct order o = { .mail = 0 };
	struct means m;
	struct why w;

	if (!take_means(&m, argc, argv) || isatty(STDIN_FILENO)) {
		fputs("deliver is started by master when local asks for it\n",
		    stderr);
		return EX_USAGE;
	}
	bound();
	if (read_order(&o, &text))
		deliver(&o, &m, &w);
	else
		why_later(&w, "3.0", "the order is malformed");
	str_free(&text);
	signal(SIGPIPE, SIG_IGN);
	printf("%u %s %s\n", (unsigned)w.verdict, w.status, w.text);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}
