/* SPDX-License-Identifier: ISC */
/*
 * spawn - start a program with nothing in its hands but what it is given
 */
#ifndef MASTER_SPAWN_H
#define MASTER_SPAWN_H

#include <sys/types.h>

#include "lib/base/base.h"

struct spawn {
	const char *path;
	const char *const *argv;
	int control;		/* becomes descriptor 3; -1: none */
	bool stdio;		/* control becomes 0 and 1 instead */
	const int *files;	/* become 3, 4, ... with stdio */
	size_t files_n;		/* SPAWN_FILES at most */
	bool bounded;		/* little time on the CPU, no core */
	const char *user;	/* to become, with its groups; NULL: stay */
	const char *group;	/* with user: in place of his own, which he
				 * keeps as one of several; NULL: his own */
	const char *setting;	/* POSTHOUSE_CONF for it; NULL: none */
};

#define SPAWN_FILES	64

/* The process id, or -1 with errno. A program that cannot be executed ends with
 * SPAWN_FAILED. */
#define SPAWN_FAILED	127
pid_t spawn(const struct spawn *s);
/* Where the standard error of programs goes from now on, instead of to
 * master's; -1: nowhere. */
void spawn_stderr(int fd);

#endif
