/* SPDX-License-Identifier: ISC */
/*
 * smtp - mail by SMTP or LMTP, and sessions without mail, with STARTTLS or not
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/load.h"

/* A queue of connections that was full can leave one that only the client takes
 * for open: it is given up after so many milliseconds without a greeting. */
#define GREETING_WAIT	3000
#define TRIES		10

int smtp_reply(struct conn *c)
{
	do
		if (conn_line(c) < 3)
			return -1;
	while (c->line[3] == '-');
	return atoi(c->line);
}

static int ask(struct conn *c, const char *line)
{
	return conn_put(c, line, strlen(line)) ? smtp_reply(c) : -1;
}

bool smtp_hello(struct conn *c)
{
	return ask(c, o.lmtp ? "LHLO load.test\r\n" : "EHLO load.test\r\n") / 100 == 2;
}

void smtp_recipient(long job, char *b, size_t size)
{
	if (o.domains > 0)
		snprintf(b, size, "%s%ld@d%ld.test", o.user, job % o.users, job % o.domains + 1);
	else
		snprintf(b, size, "%s%ld@%s", o.user, job % o.users + o.first_user, o.domain);
}

static bool begin(struct conn *c, const char *to)
{
	if (o.pipelining)
		return conn_say(c, "MAIL FROM:<load@sender.test>\r\nRCPT TO:<%s>\r\nDATA\r\n", to) &&
		    smtp_reply(c) / 100 == 2 && smtp_reply(c) / 100 == 2 && smtp_reply(c) == 354;
	if (ask(c, "MAIL FROM:<load@sender.test>\r\n") / 100 != 2)
		return false;
	return conn_say(c, "RCPT TO:<%s>\r\n", to) && smtp_reply(c) / 100 == 2 &&
	    ask(c, "DATA\r\n") == 354;
}

static bool content(struct conn *c, const char *to, long job)
{
	return conn_say(c, "From: Load <load@sender.test>\r\nTo: <%s>\r\n"
	    "Subject: benchmark message %ld\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\n"
	    "Message-ID: <%ld.%d.%ld@sender.test>\r\n\r\n", to, job, job, (int)getpid(),
	    (long)time(NULL)) && conn_put(c, body, body_len) && conn_put(c, ".\r\n", 3);
}

bool smtp_send(struct conn *c, const char *to, long job)
{
	return begin(c, to) && content(c, to, job) && smtp_reply(c) / 100 == 2;
}

static struct conn *greeted(void)
{
	for (int try = 0; try < TRIES; try++) {
		if (try > 0)
			retried++;
		struct conn *c = conn_open(o.port);
		if (c != NULL && conn_waits(c, GREETING_WAIT) && smtp_reply(c) == 220)
			return c;
		conn_close(c);
	}
	return NULL;
}

static struct conn *said_hello(void)
{
	struct conn *c = greeted();

	if (c == NULL || smtp_hello(c))
		return c;
	conn_close(c);
	return NULL;
}

static void quit(struct conn *c)
{
	if (c != NULL)
		ask(c, "QUIT\r\n");
	conn_close(c);
}

static void *mails(void *unused)
{
	struct conn *c = NULL;
	long used = 0, job;
	char to[128];

	(void)unused;
	while ((job = next_job++) < o.jobs) {
		double start = now();
		if (c == NULL) {
			c = said_hello();
			used = 0;
		}
		smtp_recipient(job, to, sizeof(to));
		bool good = c != NULL && smtp_send(c, to, job);
		job_seconds[job] = now() - start;
		if (good) {
			succeeded++;
		} else {
			job_failed(job, c);
			conn_close(c);
			c = NULL;
			usleep(20000);
		}
		if (c != NULL && ++used >= o.per_connection) {
			quit(c);
			c = NULL;
		}
	}
	quit(c);
	return NULL;
}

void load_smtp(void)
{
	jobs_report(threads_run(mails, o.connections));
}

/* One message to o.copies recipients, as many times as there are jobs. */
static bool list(struct conn *c, long job)
{
	if (ask(c, "MAIL FROM:<load@sender.test>\r\n") / 100 != 2)
		return false;
	for (long asked = 0; asked < o.copies;) {
		long end = asked + 100 < o.copies ? asked + 100 : o.copies;
		for (long i = asked; i < end; i++) {
			char to[128];
			smtp_recipient(i, to, sizeof(to));
			if (!conn_say(c, "RCPT TO:<%s>\r\n", to))
				return false;
		}
		for (; asked < end; asked++)
			if (smtp_reply(c) / 100 != 2)
				return false;
	}
	return ask(c, "DATA\r\n") == 354 && content(c, "list@bench.test", job) &&
	    smtp_reply(c) / 100 == 2 && ask(c, "QUIT\r\n") / 100 == 2;
}

void load_list(void)
{
	jobs_report(sessions_run(said_hello, list));
}

/* ---- sessions ---- */

static bool session(struct conn *c, long job)
{
	(void)job;
	if (!smtp_hello(c))
		return false;
	if (tls != NULL) {
		if (ask(c, "STARTTLS\r\n") != 220)
			return false;
		c->ssl = SSL_new(tls);
		SSL_set_fd(c->ssl, c->fd);
		if (SSL_connect(c->ssl) != 1 || !smtp_hello(c))
			return false;
	}
	return ask(c, "QUIT\r\n") / 100 == 2;
}

void load_sessions(void)
{
	jobs_report(sessions_run(greeted, session));
}

void load_tls(void)
{
	tls = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	load_sessions();
}
