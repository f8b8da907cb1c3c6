/* SPDX-License-Identifier: ISC */
/*
 * programs - the table of programs
 *
 * A folder is a program is a row. `posthouse privileges` compares what the
 * programs say about themselves with what runs.
 */
#include "master/programs.h"

const struct program_row program_rows[] = {
	{ ROLE_SMTPD, "posthouse-smtpd", NEED_LISTENERS, STAGE_SESSIONS,
	    ROLE_ROUTER | ROLE_QUEUE | ROLE_AUTH | ROLE_KEYS |
		ROLE_RESOLVER | ROLE_HISTORY },
	{ ROLE_POP3D, "posthouse-pop3d", NEED_LISTENERS, STAGE_SESSIONS,
	    ROLE_AUTH | ROLE_STORE | ROLE_KEYS },
	{ ROLE_IMAPD, "posthouse-imapd", NEED_LISTENERS, STAGE_SESSIONS,
	    ROLE_AUTH | ROLE_STORE | ROLE_KEYS },
	{ ROLE_SMTP, "posthouse-smtp", NEED_ALWAYS, STAGE_WORKERS,
	    ROLE_QUEUE | ROLE_RESOLVER | ROLE_HISTORY | ROLE_ROUTER },
	{ ROLE_RESOLVER, "posthouse-resolver", NEED_ALWAYS, STAGE_WORKERS,
	    ROLE_SMTPD | ROLE_SMTP | ROLE_ROUTER | ROLE_CTL },
	{ ROLE_HISTORY, "posthouse-history", NEED_ALWAYS, STAGE_KEEPERS,
	    ROLE_SMTPD | ROLE_SMTP | ROLE_QUEUE | ROLE_CTL },
	{ ROLE_BOUNCE, "posthouse-bounce", NEED_ALWAYS, STAGE_WORKERS,
	    ROLE_QUEUE | ROLE_ROUTER },
	{ ROLE_LOCAL, "posthouse-local", NEED_ALWAYS, STAGE_WORKERS,
	    ROLE_QUEUE | ROLE_STORE | ROLE_ROUTER },
	{ ROLE_ROUTER, "posthouse-router", NEED_ALWAYS, STAGE_WORKERS,
	    ROLE_SMTPD | ROLE_SMTP | ROLE_BOUNCE | ROLE_LOCAL | ROLE_QUEUE |
		ROLE_AUTH | ROLE_STORE | ROLE_RESOLVER | ROLE_CTL },
	{ ROLE_QUEUE, "posthouse-queue", NEED_ALWAYS, STAGE_KEEPERS,
	    ROLE_SMTPD | ROLE_SMTP | ROLE_BOUNCE | ROLE_LOCAL | ROLE_STORE |
		ROLE_ROUTER | ROLE_HISTORY | ROLE_CTL },
	{ ROLE_STORE, "posthouse-store", NEED_ALWAYS, STAGE_KEEPERS,
	    ROLE_QUEUE | ROLE_LOCAL | ROLE_AUTH | ROLE_READERS | ROLE_STORE |
		ROLE_ROUTER | ROLE_CTL },
	{ ROLE_AUTH, "posthouse-auth", NEED_ALWAYS, STAGE_WORKERS,
	    ROLE_SESSIONS | ROLE_ROUTER | ROLE_STORE | ROLE_CTL },
	{ ROLE_KEYS, "posthouse-keys", NEED_ALWAYS, STAGE_WORKERS,
	    ROLE_SESSIONS | ROLE_CTL },
};
const size_t program_rows_n = nitems(program_rows);

const struct program_row *
program_row(unsigned role)
{
	size_t i = 0;

	while (i < program_rows_n && program_rows[i].role != role)
		i++;
	must(i < program_rows_n);
	return &program_rows[i];
}

uint32_t
program_instances(const struct program_row *p, const struct settings *s)
{
	return p->role == ROLE_STORE ? (uint32_t)s->store_instances : 1;
}

uint64_t
program_processes(const struct program_row *p, const struct settings *s)
{
	const struct listener_settings *submit = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < s->listener_count; i++) {
		const struct listener_settings *l = &s->listener[i];

		if (listener_role(l) != p->role)
			continue;
		if (strcmp(l->name, "submit") == 0)
			submit = l;
		else if (l->processes > most)
			most = l->processes;
	}
	return most == 0 && submit != NULL ? submit->processes : most;
}

bool
programs_are_peers(unsigned a, unsigned b)
{
	return (program_row(a)->peers & b) != 0 &&
	    (program_row(b)->peers & a) != 0;
}
