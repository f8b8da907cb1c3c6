/* SPDX-License-Identifier: ISC */
/*
 * command - MAIL and RCPT with their parameters
 *
 * Only what the server offered is said. The lines go behind what waits in the
 * stream; whoever calls sends it.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "smtp/fit.h"

/* Bits of messages, RFC 3461 and RFC 2852. */
enum { NOTIFY_SUCCESS = 1, NOTIFY_FAILURE = 2, NOTIFY_DELAY = 4,
	NOTIFY_NEVER = 8 };
enum { BY_NOTIFY = 1, BY_RETURN = 2, BY_MODE = 3, BY_TRACE = 4 };

void command_mail(struct client *c, const struct job *j, const struct fit *f);
void command_rcpt(struct client *c, const struct recipient *r);

#endif
