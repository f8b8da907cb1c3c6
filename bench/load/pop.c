/* SPDX-License-Identifier: ISC */
/*
 * pop - POP3: log in, STAT, UIDL, RETR of all there is
 */
#include <stdio.h>

#include "bench/load/load.h"

static bool fine(struct conn *c)
{
	return conn_line(c) >= 0 && c->line[0] == '+';
}

static bool fine_and_lines(struct conn *c)
{
	if (!fine(c))
		return false;
	for (int n; (n = conn_line(c)) >= 0; octets += n + 2)
		if (n == 1 && c->line[0] == '.')
			return true;
	return false;
}

bool pop_login(struct conn *c, long user)
{
	return fine(c) && conn_say(c, "USER %s%ld@%s\r\n", o.user, user, o.domain) && fine(c) &&
	    conn_say(c, "PASS %s\r\n", o.password) && fine(c);
}

static bool session(struct conn *c, long job)
{
	long count;

	if (!pop_login(c, job % o.users + o.first_user) || !conn_say(c, "STAT\r\n") || !fine(c) ||
	    sscanf(c->line, "+OK %ld", &count) != 1 || !conn_say(c, "UIDL\r\n") ||
	    !fine_and_lines(c))
		return false;
	for (long i = 1; i <= count; i++) {
		if (!conn_say(c, "RETR %ld\r\n", i) || !fine_and_lines(c))
			return false;
		messages++;
	}
	return conn_say(c, "QUIT\r\n") && fine(c);
}

void load_pop(void)
{
	double seconds = sessions_run(connected, session);

	printf("messages=%ld message_rate=%.1f mb_rate=%.2f ", messages,
	    (double)messages / seconds, (double)octets / seconds / 1e6);
	jobs_report(seconds);
}
