/* SPDX-License-Identifier: ISC */
/*
 * command - the verbs, as a table
 *
 * Every verb that is known stands in smtpd/command.c with the function that
 * does it, when it is allowed and what HELP says of it. A function gets the
 * text behind the verb without surrounding blanks and returns the reply;
 * whether the verb fits the protocol and the phase has been checked.
 */
#ifndef SMTPD_COMMAND_H
#define SMTPD_COMMAND_H

#include "smtpd/dialog.h"

typedef struct response command_fn(struct dialog *d, struct view args);

enum {
	COMMAND_LAST = 1,	/* must end a pipelined group (RFC 2920 3.1) */
	COMMAND_LOGGED = 2,	/* a refusal is logged as "reject:" */
	COMMAND_AUTHED = 4,	/* submission: only after a login (RFC 6409) */
	COMMAND_JUNK = 8	/* counts towards junk_max until a mail is queued */
};

struct command {
	const char *verb;
	command_fn *run;	/* NULL: known, but not done here (502) */
	unsigned protocols;	/* enum protocol bits */
	unsigned phases;	/* enum phase bits */
	unsigned flags;
	const char *syntax;
	const char *help;
};

/* NULL if there is no such verb. */
const struct command *command_find(struct view verb);
/* Its number, for the tally, and how many there are. */
size_t command_number(const struct command *c);
size_t command_count(void);
const struct command *command_at(size_t i);

/* smtpd/hello.c */
command_fn command_helo, command_ehlo, command_lhlo;
/* smtpd/envelope.c */
command_fn command_mail, command_rcpt, command_data;
/* smtpd/chunk.c; is answered when the chunk has been taken */
command_fn command_bdat;
/* smtpd/minor.c */
command_fn command_rset, command_noop, command_quit, command_help;
command_fn command_foreign;
/* smtpd/verify.c */
command_fn command_vrfy, command_expn;
/* smtpd/etrn.c */
command_fn command_etrn;
/* smtpd/login.c */
command_fn command_auth;
/* smtpd/starttls.c */
command_fn command_starttls;
/* smtpd/xclient.c */
command_fn command_xclient, command_xforward;

#endif
