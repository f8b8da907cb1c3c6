/* SPDX-License-Identifier: ISC */
/*
 * command - run a command with the mail on its standard input
 *
 * By /bin/sh -c, in the home of who runs it or in /, as the leader of a session
 * of its own, with an environment that is made here and no other descriptor. Its
 * exit code is read by sysexits(3). Of what it writes the first line is kept. An
 * address, "!user@domain", is sendmail's command.
 */
#ifndef DELIVER_COMMAND_H
#define DELIVER_COMMAND_H

#include "deliver/order.h"
#include "lib/base/why.h"

/* What master said. */
struct means {
	int64_t seconds;	/* that a command may take */
	const char *delimiters;	/* that divide a name from a detail */
	const char *user;	/* of the system; NULL: who aliases have */
	const char *mode;	/* for him: forward, mbox or maildir */
	const char *sendmail;	/* path of the program */
};

/* A command that takes longer is ended, with all that it has started: LATER. So
 * it is when nobody is there any more to be told, as heard says. */
bool command_deliver(const struct order *o, int content,
    const struct means *m, bool (*heard)(void), struct why *w);

/* The end of a command as a verdict: what waitpid() said, and what was written.
 * True when DONE. */
bool command_judge(const struct order *o, int status, struct view output,
    struct why *w);

#endif
