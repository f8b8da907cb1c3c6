/* SPDX-License-Identifier: ISC */
/*
 * sendmail - the injection command
 *
 * Runs as whoever calls it, with no right of its own. Mail goes to the server
 * through <run_dir>/submit, where the kernel tells the server who we are; when
 * the server is not there, or has trouble, mail goes into the drop directory,
 * which the server empties when it is back. So exit status 75 remains for the
 * one case in which neither works. mailq and newaliases are the same program.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "sendmail/bridge.h"
#include "sendmail/drop.h"
#include "sendmail/submit.h"

struct run {
	struct options options;
	struct settings *settings;
	struct caller caller;
	struct arena arena;
	struct letter letter;
	int status;		/* of the recipients refused so far */
};

/* From a verdict to sysexits.h: 75 only where trying again can help. */
static const struct {
	enum verdict verdict;
	const char *status;	/* a prefix */
	int exit;
} exits[] = {
	{ VERDICT_LATER, "", EX_TEMPFAIL },
	{ VERDICT_NEVER, "1.2", EX_NOHOST },
	{ VERDICT_NEVER, "1.7", EX_USAGE },
	{ VERDICT_NEVER, "1.", EX_NOUSER },
	{ VERDICT_NEVER, "2.", EX_NOUSER },
	{ VERDICT_NEVER, "3.4", EX_DATAERR },
	{ VERDICT_NEVER, "5.4", EX_USAGE },
	{ VERDICT_NEVER, "6.", EX_DATAERR },
	{ VERDICT_NEVER, "7.", EX_NOPERM },
};

static int
exit_of(const struct why *w)
{
	for (size_t i = 0; i < nitems(exits); i++)
		if (w->verdict == exits[i].verdict &&
		    strncmp(w->status, exits[i].status,
			strlen(exits[i].status)) == 0)
			return exits[i].exit;
	return EX_UNAVAILABLE;
}

static int
complain(const struct why *w, int status)
{
	fprintf(stderr, "sendmail: %s\n", w->text);
	return status;
}

static void
rcpt_refused(void *arg, struct view rcpt, const struct why *w)
{
	struct run *r = arg;

	r->status = exit_of(w);
	if (w->text[0] == '<')	/* the server names it */
		complain(w, 0);
	else
		fprintf(stderr, "sendmail: <%.*s>: %s\n", VIEW(rcpt), w->text);
}

/* ---- modes ---- */

static int
deliver(struct run *r)
{
	struct submit s = { .fd = -1, .verbose = r->options.verbose,
		.told = rcpt_refused, .told_arg = r };
	struct why w = { .verdict = VERDICT_NEVER, .text = "" };
	bool taken = submit_open(&s, r->settings->run_dir, r->caller.hostname,
	    &w) && submit_letter(&s, &r->letter, &w);

	submit_close(&s);
	if (taken)
		return r->status;
	if (w.verdict == VERDICT_NEVER)
		return r->status != 0 ? r->status : complain(&w, exit_of(&w));
	if (r->options.verbose)
		fprintf(stderr, "sendmail: %s; leaving the mail in %s/drop\n",
		    w.text, r->settings->spool_dir);
	if (!drop_write(&r->letter, r->settings->spool_dir, &r->caller, &w))
		return complain(&w, EX_TEMPFAIL);
	return r->status;
}

static int
mode_send(struct run *r)
{
	struct str raw = { .limit = r->settings->message_size_limit };
	struct why w;
	int status;

	if (r->options.recipients[0] == NULL && !r->options.from_header) {
		why_never(&w, "5.4", "no recipients; give some, or -t");
		return complain(&w, EX_USAGE);
	}
	if (!letter_read(&raw, STDIN_FILENO, !r->options.dot_is_text, &w))
		status = complain(&w, w.verdict == VERDICT_NEVER ?
		    EX_DATAERR : EX_IOERR);
	else if (!letter_make(&r->letter, str_view(&raw), &w))
		status = complain(&w, strcmp(w.status, "1.3") == 0 ?
		    EX_DATAERR : EX_USAGE);
	else
		status = deliver(r);
	str_free(&raw);
	return status;
}

/* What would become of each recipient: ask at the door, hand in nothing. */
static int
mode_verify(struct run *r)
{
	struct submit s = { .fd = -1, .verbose = r->options.verbose };
	struct why w = { .verdict = VERDICT_DONE };
	int status = EX_OK;

	r->letter.sender = VIEW_NONE;
	for (char **p = r->options.recipients; *p != NULL; p++)
		if (!letter_rcpt_add(&r->letter, view_of(*p), r->caller.domain,
		    &w))
			return complain(&w, EX_USAGE);
	if (!submit_open(&s, r->settings->run_dir, r->caller.hostname, &w) ||
	    !submit_sender(&s, &r->letter, &w))
		status = complain(&w, exit_of(&w));
	for (size_t i = 0; s.fd >= 0 && i < r->letter.rcpts; i++) {
		struct view rcpt = r->letter.rcpt[i];

		if (!submit_rcpt(&s, &r->letter, rcpt, &w))
			status = exit_of(&w);
		printf("%.*s: %s: %s\n", VIEW(rcpt),
		    w.verdict == VERDICT_DONE ? "deliverable" :
		    w.verdict == VERDICT_LATER ? "not now" : "undeliverable",
		    w.text);
	}
	submit_close(&s);
	return status;
}

/* Become posthouse, which stands beside this program; words end with NULL. */
static int
run_posthouse(struct run *r, const char *const *words)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *argv[10] = { "posthouse" };
	size_t at = 1;
	char *slash;

	if (r->options.settings != NULL) {
		argv[at++] = "-c";
		argv[at++] = r->options.settings;
	}
	while (*words != NULL && at + 1 < nitems(argv))
		argv[at++] = *words++;
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash != NULL) {
		char *path = arena_printf(&r->arena, "%.*s/posthouse",
		    (int)(slash - self), self);

		execv(path, (char *const *)(uintptr_t)argv);
	}
	execvp("posthouse", (char *const *)(uintptr_t)argv);
	fprintf(stderr, "sendmail: posthouse cannot be run: %m\n");
	return EX_UNAVAILABLE;
}

static int
mode_list(struct run *r)
{
	static const char *const words[] = { "queue", "list", NULL };

	return run_posthouse(r, words);
}

/* cron would send what it prints: errors alone. */
static int
mode_flush(struct run *r)
{
	const char *what = r->options.flush_what;
	const char *words[] = { "queue", "flush", what, NULL, NULL };

	if (r->options.flush_by == 'S')
		words[2] = "--sender";
	else if (r->options.flush_by == 'R')
		words[2] = strchr(what, '@') ? "--recipient" : "--domain";
	if (r->options.flush_by == 'S' || r->options.flush_by == 'R')
		words[3] = what;
	if (freopen("/dev/null", "w", stdout) == NULL)
		return EX_OSERR;
	return run_posthouse(r, words);
}

/* The server makes its own index of the aliases: it only has to look again,
 * and does so anyway when it starts. */
static int
mode_aliases(struct run *r)
{
	static const char *const words[] = { "reload", NULL };
	struct submit s = { .fd = -1 };
	struct why w;
	bool running = submit_open(&s, r->settings->run_dir,
	    r->caller.hostname, &w);

	submit_close(&s);
	return running ? run_posthouse(r, words) : EX_OK;
}

static int
mode_smtp(struct run *r)
{
	return bridge_run(r->settings->run_dir);
}

static int
mode_drain(struct run *r)
{
	return drop_drain(r->settings, &r->caller);
}

static int (*const modes[])(struct run *) = {
	[MODE_SEND] = mode_send,
	[MODE_SMTP] = mode_smtp,
	[MODE_LIST] = mode_list,
	[MODE_ALIASES] = mode_aliases,
	[MODE_VERIFY] = mode_verify,
	[MODE_FLUSH] = mode_flush,
	[MODE_DRAIN] = mode_drain,
};

/* What cannot be read must not keep a mail from being sent: then the built-in
 * places are right, or the drop directory will complain. */
static struct settings *
settings_find(const struct options *o)
{
	struct str errors = { 0 };
	const char *file = settings_file(o->settings);
	struct settings *s = settings_load(file, &errors);

	if (s == NULL) {
		fprintf(stderr, "sendmail: %.*s; going on with the built-in "
		    "settings\n",
		    (int)view_find(str_view(&errors), '\n'), str_c(&errors));
		str_reset(&errors);
		s = settings_parse(VIEW_NONE, &errors);
	}
	str_free(&errors);
	return s;
}

int
main(int argc, char **argv)
{
	struct run r = { .status = EX_OK };
	char error[256];
	int status;

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	if (!options_read(&r.options, argv, error, sizeof(error))) {
		fprintf(stderr, "sendmail: %s; see sendmail(8)\n", error);
		return EX_USAGE;
	}
	arena_init(&r.arena);
	r.letter.arena = &r.arena;
	r.settings = settings_find(&r.options);
	if (r.settings == NULL)
		return EX_CONFIG;
	r.letter.options = &r.options;
	r.letter.caller = &r.caller;
	caller_find(&r.caller, r.settings, &r.arena);
	status = modes[r.options.mode](&r);
	letter_free(&r.letter);
	settings_free(&r.settings);
	arena_reset(&r.arena);
	return status;
}
