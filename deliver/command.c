/* SPDX-License-Identifier: ISC */
/*
 * command - fork, feed, listen, reap
 *
 * One loop over three things that can happen: the command takes input, it says
 * something, or it ends. SIGCHLD is let through only while the loop waits, so
 * none is missed. What a command leaves running in the background may hold its
 * output open: that is not waited for.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "deliver/command.h"
#include "deliver/environment.h"
#include "deliver/letter.h"
#include "lib/base/clock.h"

#define STEP		65536
#define OUTPUT_MOST	4096	/* octets that are kept; the rest is dropped */
#define LOOK_MS		1000	/* whether somebody is still there */
#define GRACE_MS	2000	/* from SIGTERM to SIGKILL */
#define FILES_MOST	1024
#define PROCESSES_MOST	1000	/* of the user */

struct command {
	const struct order *o;
	const struct means *m;
	pid_t pid;
	int in, out;		/* our ends; -1: closed */
	struct letter letter;
	char piece[STEP];
	size_t at, n;		/* of piece: not taken yet */
	bool broken;		/* the content could not be read */
	struct str output;
};

static bool
is_address(const struct order *o)
{
	return o->item.p[0] == '!';
}

/* What is run, or to whom it goes. */
static const char *
name_of(const struct order *o)
{
	return o->item.p + 1;
}

/* ---- the verdict ---- */

/* A shell says 126 and 127 when it cannot start what it should: that is put
 * right by the administrator, not by the sender. */
static const struct {
	int code;
	enum verdict verdict;
	const char *status, *word;
} codes[] = {
	{ EX_USAGE, VERDICT_NEVER, "3.0", "usage error" },
	{ EX_DATAERR, VERDICT_NEVER, "6.0", "the mail is not as it should be" },
	{ EX_NOINPUT, VERDICT_NEVER, "3.0", "no input" },
	{ EX_NOUSER, VERDICT_NEVER, "1.1", "no such user" },
	{ EX_NOHOST, VERDICT_NEVER, "1.2", "no such host" },
	{ EX_UNAVAILABLE, VERDICT_NEVER, "3.0", "not available" },
	{ EX_SOFTWARE, VERDICT_NEVER, "3.0", "internal error" },
	{ EX_OSERR, VERDICT_NEVER, "3.0", "system error" },
	{ EX_OSFILE, VERDICT_NEVER, "3.0", "a file of the system is missing" },
	{ EX_CANTCREAT, VERDICT_NEVER, "2.0", "cannot make its file" },
	{ EX_IOERR, VERDICT_NEVER, "3.0", "input or output failed" },
	{ EX_TEMPFAIL, VERDICT_LATER, "3.0", "try again later" },
	{ EX_PROTOCOL, VERDICT_NEVER, "5.0", "protocol error" },
	{ EX_NOPERM, VERDICT_NEVER, "7.0", "not allowed" },
	{ EX_CONFIG, VERDICT_NEVER, "3.5", "wrong configuration" },
	{ 126, VERDICT_LATER, "3.5", "it cannot be executed" },
	{ 127, VERDICT_LATER, "3.5", "it was not found" },
};

/* The first line that has something in it. */
static struct view
first_line(struct view output)
{
	struct view line = VIEW_NONE;

	while (line.n == 0 && output.n > 0)
		line = view_trim(view_cut(&output, '\n'));
	if (line.n > 120)
		line.n = 120;
	return line;
}

static void
judge_code(const struct order *o, int code, struct view output, struct why *w)
{
	struct view said = first_line(output);
	enum verdict verdict = VERDICT_NEVER;
	const char *status = "3.0", *word = "failed";
	struct str text = { 0 };

	for (size_t i = 0; i < nitems(codes); i++)
		if (codes[i].code == code) {
			verdict = codes[i].verdict;
			status = codes[i].status;
			word = codes[i].word;
		}
	str_addf(&text, "command \"%.60s\" ended with status %d (%s)%s%.*s",
	    name_of(o), code, word, said.n > 0 ? ": " : "", VIEW(said));
	why_set(w, verdict, view_of(status), str_view(&text));
	str_free(&text);
}

/* A command that somebody or something has ended is tried again. */
bool
command_judge(const struct order *o, int status, struct view output,
    struct why *w)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return why_done(w, "0.0", is_address(o) ? "forwarded to %.160s" :
		    "delivered to command: %.160s", name_of(o));
	if (WIFEXITED(status))
		judge_code(o, WEXITSTATUS(status), output, w);
	else
		why_later(w, "3.0", "command \"%.60s\" was ended by signal %d",
		    name_of(o), WTERMSIG(status));
	return false;
}

/* ---- its process ---- */

static void
limit(int resource, rlim_t most)
{
	struct rlimit r;

	if (getrlimit(resource, &r) == 0 && r.rlim_max > most) {
		r.rlim_cur = r.rlim_max = most;
		setrlimit(resource, &r);
	}
}

static void
be_fresh(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	umask(077);
}

static void NORETURN
execute(const struct command *c, int in, int out)
{
	const char *const shell[] = { "sh", "-c", name_of(c->o), NULL };
	const char *const sendmail[] = { "sendmail", "-i", "-B8BITMIME", "-f",
		c->o->sender.n > 0 ? c->o->sender.p : "<>", "--",
		name_of(c->o), NULL };
	const char *const *argv = is_address(c->o) ? sendmail : shell;
	const struct passwd *who = getpwuid(geteuid());
	struct environment e;

	environment_make(&e, c->o, c->m->delimiters, who);
	setsid();
	be_fresh();
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
	    close_range(3, ~0u, 0) < 0 ||
	    ((who == NULL || chdir(who->pw_dir) < 0) && chdir("/") < 0))
		_exit(EX_TEMPFAIL);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, (rlim_t)c->m->seconds);
	limit(RLIMIT_NOFILE, FILES_MOST);
	limit(RLIMIT_NPROC, PROCESSES_MOST);
	execve(is_address(c->o) ? c->m->sendmail : "/bin/sh",
	    (char *const *)(uintptr_t)argv, e.list);
	_exit(127);
}

static bool
start(struct command *c)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	bool fine = pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0;

	c->pid = fine ? fork() : -1;
	if (c->pid == 0)
		execute(c, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	c->in = in[1];
	c->out = out[0];
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	fcntl(c->out, F_SETFL, O_NONBLOCK);
	return c->pid > 0;
}

/* The shell and what it has started; the shell alone if it is not so far yet. */
static void
signal_all(const struct command *c, int number)
{
	if (kill(-c->pid, number) < 0)
		kill(c->pid, number);
}

/* ---- the loop ---- */

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A command need not read its input. */
static void
feed(struct command *c)
{
	ssize_t n;

	if (c->at == c->n) {
		n = letter_read(&c->letter, c->piece, sizeof(c->piece));
		c->broken |= n < 0;
		if (n <= 0) {
			shut(&c->in);
			return;
		}
		c->at = 0;
		c->n = (size_t)n;
	}
	n = write(c->in, c->piece + c->at, c->n - c->at);
	if (n > 0)
		c->at += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		shut(&c->in);
}

/* False: there is no more, for now or for good. */
static bool
listen_to(struct command *c)
{
	char piece[4096];
	ssize_t n = read(c->out, piece, sizeof(piece));
	size_t room = OUTPUT_MOST - c->output.n;

	if (n > 0)
		str_addn(&c->output, piece,
		    (size_t)n < room ? (size_t)n : room);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		shut(&c->out);
	return n > 0;
}

static void
wait_for_something(struct command *c, int64_t most)
{
	const struct timespec t = { most / 1000, most % 1000 * 1000000 };
	struct pollfd p[] = { { .fd = c->in, .events = POLLOUT },
		{ .fd = c->out, .events = POLLIN },
		{ .fd = STDOUT_FILENO } };	/* its end is an event */
	sigset_t none;

	sigemptyset(&none);
	if (ppoll(p, nitems(p), &t, &none) <= 0)
		return;
	if (p[0].revents != 0)
		feed(c);
	if (p[1].revents != 0)
		listen_to(c);
}

/* Until it has ended, the time is over, or nobody is there any more. */
static bool
has_ended(struct command *c, int64_t until, bool (*heard)(void), int *status)
{
	for (;;) {
		int64_t left = until - clock_ms();

		if (waitpid(c->pid, status, WNOHANG) == c->pid)
			return true;
		if (left <= 0 || (heard != NULL && !heard()))
			return false;
		wait_for_something(c, left < LOOK_MS ? left : LOOK_MS);
	}
}

static void
end_it(struct command *c, int *status)
{
	shut(&c->in);
	signal_all(c, SIGTERM);
	if (!has_ended(c, deadline_in(GRACE_MS), NULL, status)) {
		signal_all(c, SIGKILL);
		waitpid(c->pid, status, 0);
	} else {
		signal_all(c, SIGKILL);	/* what it had started */
	}
}

static bool
run(struct command *c, bool (*heard)(void), struct why *w)
{
	int status;

	if (!has_ended(c, deadline_in(c->m->seconds * 1000), heard, &status)) {
		end_it(c, &status);
		return why_later(w, "3.0", "command \"%.60s\" was not done in "
		    "%lld seconds", name_of(c->o),
		    (long long)c->m->seconds);
	}
	while (c->out >= 0 && listen_to(c))
		continue;
	if (c->broken)
		return why_later(w, "3.0", "the content cannot be read");
	return command_judge(c->o, status, str_view(&c->output), w);
}

static void
ignore(int number UNUSED)
{
}

/* A broken pipe is told by write(), the end of a child by ppoll(). */
static void
take_signals(void)
{
	struct sigaction a = { .sa_handler = ignore };
	sigset_t child;

	sigaction(SIGCHLD, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
}

bool
command_deliver(const struct order *o, int content, const struct means *m,
    bool (*heard)(void), struct why *w)
{
	static struct command c;
	bool done;

	c = (struct command){ .o = o, .m = m };
	letter_open(&c.letter, content, o, is_address(o) ? LETTER_FORWARD :
	    LETTER_COMMAND, clock_wall());
	take_signals();
	done = start(&c) ? run(&c, heard, w) : why_errno(w, "start a command");
	shut(&c.in);
	shut(&c.out);
	str_free(&c.output);
	letter_close(&c.letter);
	return done;
}
