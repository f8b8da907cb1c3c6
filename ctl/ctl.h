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
	OPTION_YES = 32,
	OPTION_SCRAM = 64,
	OPTION_BODY = 128,
	OPTION_LOCAL = 256,
	OPTION_MBOX = 512,
	OPTION_VERIFY = 1024,
	/* with a value */
	OPTION_TO = 1 << 16,
	OPTION_SENDER = 1 << 17,
	OPTION_RECIPIENT = 1 << 18,
	OPTION_DOMAIN = 1 << 19,
	OPTION_OLDER = 1 << 20,
	OPTION_NEWER = 1 << 21,
	OPTION_REASON = 1 << 22,
	OPTION_STATE = 1 << 23,
	OPTION_SINCE = 1 << 24,
	OPTION_DAY = 1 << 25,
	OPTION_CLIENT = 1 << 26,
	OPTION_HELO = 1 << 27,
	OPTION_LOGIN = 1 << 28,
	OPTION_RELAY = 1 << 29,
	OPTION_UIDL = 1 << 30,
	/* those that choose mail of the queue */
	OPTION_FILTERS = OPTION_SENDER | OPTION_RECIPIENT | OPTION_DOMAIN |
	    OPTION_OLDER | OPTION_NEWER | OPTION_REASON | OPTION_STATE
};

struct ctl {
	const char *file;		/* of the settings */
	const char *self;		/* argv[0] */
	struct settings *settings;	/* NULL until ctl_settings() */
	unsigned options;
	const char *values[32];		/* of options, by number of the bit */
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
extern const struct command alias_commands[];
extern const struct command domain_commands[];
extern const struct command auth_commands[];
extern const struct command queue_commands[];
extern const struct command mailbox_commands[];
extern const struct command import_commands[];
extern const struct command export_commands[];
extern const struct command backup_commands[];
extern const struct command restore_commands[];
extern const struct command acl_commands[];
extern const struct command quota_commands[];
extern const struct command explain_commands[];
extern const struct command table_commands[];
extern const struct command privileges_commands[];
extern const struct command tls_commands[];
extern const struct command trace_commands[];
extern const struct command dns_commands[];
extern const struct command doctor_commands[];
extern const struct command completion_commands[];

/* All of it: what help and completion tell, main finds. NULL ends both. */
struct option {
	const char *name;		/* "--json" */
	unsigned option;
	const char *argument;		/* behind it or behind "="; NULL: none */
};

extern const struct command *const ctl_groups[];
extern const struct option ctl_options[];
/* One command with its sentence and options, on stdout. */
void ctl_print_command(const struct command *c);
/* All commands that begin with this word, NULL: all, on stdout. How many. */
size_t ctl_print_commands(const char *word);

/* The settings of the file; ends the program with their errors. */
const struct settings *ctl_settings(struct ctl *ctl);
/* A sentence on stderr; returns code. */
int ctl_fail(int code, const char *fmt, ...) PRINTF(2, 3);
static inline bool
ctl_has(const struct ctl *ctl, unsigned option)
{
	return (ctl->options & option) != 0;
}
/* The value of an option that has one; NULL when it was not given. */
static inline const char *
ctl_value(const struct ctl *ctl, unsigned option)
{
	return ctl->values[__builtin_ctz(option)];
}

#endif
