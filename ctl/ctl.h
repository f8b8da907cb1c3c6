/* SPDX-License-Identifier: ISC */
/*
 * ctl - the administrator's command, as a table of commands
 *
 * Each file of this folder has one group of commands and exports its rows. A
 * command gets its words and options ready made, says what is wrong in a
 * sentence on stderr, and returns a code of sysexits.h.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "lib/proc/settings.h"

enum {
	OPTION_JSON = 1,
	OPTION_PASSWORD_STDIN = 2,
	OPTION_ALL = 4,
	OPTION_CHANGED = 8,
	OPTION_EXPLAIN = 16,
	OPTION_DOMAIN = 32,
	OPTION_SCRAM = 64
};

struct ctl {
	const char *file;		/* of the settings */
	const char *self;		/* argv[0] */
	struct settings *settings;	/* NULL until ctl_settings() */
	unsigned options;
	int argc;			/* what stands behind the command */
	const char **argv;
};

struct command {
	const char *words;		/* "user add"; NULL ends a group */
	const char *arguments;
	unsigned options;		/* that it knows */
	int least, most;		/* arguments */
	int (*run)(struct ctl *ctl);
	const char *sentence;
};

extern const struct command server_commands[];
extern const struct command check_commands[];
extern const struct command config_commands[];
extern const struct command user_commands[];
extern const struct command auth_commands[];
extern const struct command queue_commands[];
extern const struct command mailbox_commands[];
extern const struct command explain_commands[];
extern const struct command privileges_commands[];
extern const struct command tls_commands[];
extern const struct command dns_commands[];

/* The settings of the file; ends the program with their errors. */
const struct settings *ctl_settings(struct ctl *ctl);
/* A sentence on stderr; returns code. */
int ctl_fail(int code, const char *fmt, ...) PRINTF(2, 3);
static inline bool
ctl_has(const struct ctl *ctl, unsigned option)
{
	return (ctl->options & option) != 0;
}

#endif
