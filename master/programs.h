/* SPDX-License-Identifier: ISC */
/*
 * programs - the programs of the house, as master needs to know them
 *
 * The same peers stand beside each program's main; master hands out a link for
 * every pair that names each other. A program that is not built yet has its
 * row all the same, so that its place is known.
 */
#ifndef MASTER_PROGRAMS_H
#define MASTER_PROGRAMS_H

#include "lib/proc/role.h"
#include "lib/proc/settings.h"

enum need {
	NEED_ALWAYS,
	NEED_LISTENERS,	/* as many as sessions ask for; none without listener */
	NEED_LATER	/* not part of this version */
};

/* The order of an orderly stop. */
enum stage { STAGE_SESSIONS, STAGE_WORKERS, STAGE_KEEPERS, STAGES };

struct program_row {
	unsigned role;
	const char *user;	/* when master is root and drops privileges */
	enum need need;
	enum stage stage;
	unsigned peers;
};

extern const struct program_row program_rows[];
extern const size_t program_rows_n;

/* The row of a role; must exist. */
const struct program_row *program_row(unsigned role);
/* How many instances with state of their own; 1 for most. */
uint32_t program_instances(const struct program_row *p,
    const struct settings *s);
/* How many processes may share the sessions of a role: the most generous of
 * its listeners decides, submit only where it is alone. 0: no listener. */
uint64_t program_processes(const struct program_row *p,
    const struct settings *s);
/* Do programs of these roles talk to each other? */
bool programs_are_peers(unsigned a, unsigned b);

#endif
