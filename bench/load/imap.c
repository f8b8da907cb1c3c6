/* SPDX-License-Identifier: ISC */
/*
 * imap - IMAP: log in, the commands that are named, log out; and how soon IDLE tells
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/load/load.h"

/* Reads up to the answer with this tag; was it OK? */
static bool answered(struct conn *c, const char *tag)
{
	size_t len = strlen(tag);

	for (int n; (n = conn_line(c)) >= 0; octets += n + 2)
		if (strncmp(c->line, tag, len) == 0 && c->line[len] == ' ')
			return strncmp(c->line + len, " OK", 3) == 0;
	return false;
}

bool imap_login(struct conn *c, long user)
{
	return conn_line(c) >= 0 &&
	    conn_say(c, "l LOGIN %s%ld@%s %s\r\n", o.user, user, o.domain, o.password) &&
	    answered(c, "l");
}

static bool append(struct conn *c, const char *mailbox)
{
	return conn_say(c, "a APPEND %s {%zu}\r\n", mailbox, body_len + 2) && conn_line(c) >= 0 &&
	    c->line[0] == '+' && conn_put(c, "\r\n", 2) && conn_put(c, body, body_len) &&
	    conn_put(c, "\r\n", 2);
}

/* "APPEND mailbox" sends a message along. */
bool imap_command(struct conn *c, const char *line)
{
	bool sent = strncmp(line, "APPEND ", 7) == 0 ? append(c, line + 7) :
	    conn_say(c, "a %s\r\n", line);
	return sent && answered(c, "a");
}

static double *command_seconds;		/* row of each command, by job */

static bool session(struct conn *c, long job)
{
	if (!imap_login(c, job % o.users + o.first_user))
		return false;
	for (int i = 0; i < o.word_count; i++)
		for (long r = 0; r < (i == o.word_count - 1 ? o.repeat : 1); r++) {
			double start = now();
			if (!imap_command(c, o.words[i]))
				return false;
			command_seconds[i * o.jobs + job] = now() - start;
			messages++;
		}
	return conn_say(c, "z LOGOUT\r\n") && answered(c, "z");
}

/* cN_ms: the median of the N-th command, counted from 0. */
void load_imap(void)
{
	command_seconds = calloc((size_t)(o.jobs * (o.word_count + 1)), sizeof(double));
	if (command_seconds == NULL)
		die("calloc");
	double seconds = sessions_run(connected, session);

	printf("commands=%ld command_rate=%.1f octets=%ld ", messages, (double)messages / seconds,
	    octets);
	for (int i = 0; i < o.word_count; i++)
		printf("c%d_ms=%.3f ", i, median(command_seconds + i * o.jobs, o.jobs) * 1e3);
	jobs_report(seconds);
}

/* Delivers to a user who waits in IDLE; from the final reply, and from the first
 * octet, to the line with EXISTS. */
void load_latency(void)
{
	struct conn *idle = conn_open(o.port), *in = conn_open(o.port_in);
	double *whole = calloc((size_t)o.jobs, sizeof(*whole));
	char to[128];

	o.users = 1;
	if (whole == NULL || idle == NULL || in == NULL || !imap_login(idle, o.first_user) ||
	    !imap_command(idle, "SELECT INBOX") || !conn_say(idle, "a IDLE\r\n") ||
	    conn_line(idle) < 0 || smtp_reply(in) != 220 || !smtp_hello(in))
		die("latency: no session");
	smtp_recipient(0, to, sizeof(to));
	for (long job = 0; job < o.jobs; job++) {
		double start = now();
		if (!smtp_send(in, to, job))
			die("latency: not accepted");
		double accepted = now();
		do
			if (conn_line(idle) < 0)
				die("latency: IDLE ended");
		while (strstr(idle->line, "EXISTS") == NULL);
		whole[job] = now() - start;
		job_seconds[job] = now() - accepted;
		succeeded++;
		usleep((useconds_t)o.delay * 1000);
	}
	printf("send_to_exists_ms=%.3f ", median(whole, o.jobs) * 1e3);
	jobs_report(1);
}
