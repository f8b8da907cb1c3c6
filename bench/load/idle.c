/* SPDX-License-Identifier: ISC */
/*
 * idle - sessions that wait: greeted by SMTP, logged in by POP3, in IDLE by IMAP
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/load/load.h"

/* A server whose limit is reached says nothing: so many failures are enough. */
#define FAILURES	20

static bool smtp_waits(struct conn *c, long user)
{
	(void)user;
	return smtp_reply(c) == 220 && smtp_hello(c);
}

static bool imap_waits(struct conn *c, long user)
{
	return imap_login(c, user) && imap_command(c, "SELECT INBOX") &&
	    conn_say(c, "a IDLE\r\n") && conn_line(c) >= 0 && c->line[0] == '+';
}

static const struct {
	const char *name;
	bool (*begin)(struct conn *, long user);
} protocols[] = {
	{ "smtp", smtp_waits },
	{ "pop3", pop_login },
	{ "imap", imap_waits },
};
static size_t protocol;

static void *begin_some(void *unused)
{
	long job;

	(void)unused;
	while (failed < FAILURES && (job = next_job++) < o.jobs) {
		double start = now();
		struct conn *c = conn_open(o.port);
		if (c != NULL && conn_waits(c, 3000) &&
		    protocols[protocol].begin(c, job % o.users + o.first_user))
			succeeded++;
		else
			job_failed(job, c);
		free(c);	/* its socket stays open */
		job_seconds[job] = now() - start;
	}
	return NULL;
}

/* Stays for o.seconds after its line. */
void load_idle(void)
{
	while (strcmp(protocols[protocol].name, o.protocol) != 0)
		if (++protocol == sizeof(protocols) / sizeof(protocols[0])) {
			errno = EINVAL;
			die(o.protocol);
		}
	jobs_report(threads_run(begin_some, o.connections));
	sleep((unsigned)o.seconds);
}
