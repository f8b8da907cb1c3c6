/* SPDX-License-Identifier: ISC */
/*
 * deliver - one mail to a command or a file that an alias names, or to a user
 *
 * Started by master when local asks for it, as the user of the setting
 * alias_user and never as root: once for each delivery. It reads from its
 * standard input what is to be done (deliver/order.h), sees that the target
 * stands in one of the alias files, delivers, writes "VERDICT STATUS SENTENCE",
 * and exits. Descriptor 3 is the content, those behind it are the alias files.
 * Arguments are the seconds that a command may take, and the characters that
 * divide a name from a detail.
 *
 * For a user of the system it runs as him, with three more arguments: his name,
 * what is to be done (forward: what his ~/.forward says; mbox, maildir: put it into
 * his mailbox), and the path of sendmail.
 *
 * What it starts has its rights, so it has none but those of its user: nothing
 * of the server is his.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "deliver/command.h"
#include "deliver/forward.h"
#include "deliver/letter.h"
#include "deliver/maildir.h"
#include "deliver/mbox.h"
#include "deliver/source.h"
#include "lib/base/question.h"

#define QUESTION_MOST	8192
#define CONTENT		3	/* descriptors */
#define ALIASES		4
#define SECONDS_MOST	86400
#define FORWARDED	3u	/* in place of a verdict: texts follow */

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
deliver_item(const struct order *o, const struct means *m, struct why *w)
{
	const char *path = o->item.p;

	if (path[0] == '|' || path[0] == '!')
		return command_deliver(o, CONTENT, m, is_heard, w);
	if (view_is(o->item, "/dev/null"))
		return why_done(w, "0.0", "thrown away: /dev/null");
	if (path[o->item.n - 1] == '/')
		return maildir_deliver(o, path, CONTENT, w);
	return mbox_deliver(o, path, CONTENT, is_heard, w);
}

static bool
deliver_for_alias(const struct order *o, const struct means *m, struct why *w)
{
	if (o->user.n > 0)
		return why_later(w, "3.0", "the order is not an alias's");
	return source_has(ALIASES, o, m->delimiters, w) &&
	    deliver_item(o, m, w);
}

static bool
deliver_to_mailbox(const struct order *o, const struct means *m,
    const char *home, struct why *w)
{
	struct str path = { 0 };
	bool done;

	if (strcmp(m->mode, "mbox") == 0) {
		str_addf(&path, "/var/mail/%s", m->user);
		done = mbox_deliver(o, str_c(&path), CONTENT, is_heard, w);
	} else {
		str_addf(&path, "%s/Maildir/", home);
		done = maildir_deliver(o, str_c(&path), CONTENT, w);
	}
	str_free(&path);
	return done;
}

/* What he wants is told, and comes back one by one: then it must still be what
 * he wants. Where his mailbox is all that is meant, it is all that is done. */
static bool
deliver_for_user(const struct order *o, const struct means *m,
    struct str *items, struct why *w)
{
	const struct passwd *pw = getpwuid(geteuid());
	bool mailbox = view_is(o->item, "\\");

	if (pw == NULL || pw->pw_dir[0] != '/' ||
	    !view_is(o->user, m->user) || strcmp(pw->pw_name, m->user) != 0 ||
	    mailbox == (strcmp(m->mode, "forward") == 0))
		return why_later(w, "3.0", "the order is not this user's");
	if (mailbox)
		return deliver_to_mailbox(o, m, pw->pw_dir, w);
	if (o->item.n == 0)
		return forward_read(o, pw->pw_dir, m->delimiters, items, w) &&
		    why_done(w, "0.0", "forwarded");
	return forward_has(o, pw->pw_dir, m->delimiters, w) &&
	    deliver_item(o, m, w);
}

static bool
deliver(const struct order *o, const struct means *m, struct str *items,
    struct why *w)
{
	if (geteuid() == 0 || getegid() == 0)
		return why_later(w, "3.5", "commands and files are never "
		    "root's");
	if (letter_is_loop(CONTENT, o))
		return why_never(w, "4.6", "mail forwarding loop for %.160s",
		    o->address.p);
	return m->user == NULL ? deliver_for_alias(o, m, w) :
				 deliver_for_user(o, m, items, w);
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

	if ((argc != 3 && argc != 6) || !view_u64(view_of(argv[1]), SECONDS_MOST, &n) ||
	    n == 0)
		return false;
	m->seconds = (int64_t)n;
	m->delimiters = argv[2];
	m->user = argc > 3 ? argv[3] : NULL;
	m->mode = argc > 3 ? argv[4] : "";
	m->sendmail = argc > 3 ? argv[5] : "";
	return true;
}

int
main(int argc, char **argv)
{
	struct str text = { 0 }, items = { 0 };
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
		deliver(&o, &m, &items, &w);
	else
		why_later(&w, "3.0", "the order is malformed");
	if (w.verdict != VERDICT_DONE)
		str_reset(&items);
	signal(SIGPIPE, SIG_IGN);
	printf("%u %s %s\n", items.n > 0 ? FORWARDED : (unsigned)w.verdict,
	    w.status, w.text);
	fwrite(str_c(&items), 1, items.n, stdout);
	str_free(&text);
	str_free(&items);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}
