/* SPDX-License-Identifier: ISC */
/*
 * logins - the names and passwords of the file relay_logins
 *
 * master hands the file over at the start and after each change. A login that is
 * in use while the file changes stays until it is given back; everything is
 * wiped when it goes.
 */
#ifndef SMTP_LOGINS_H
#define SMTP_LOGINS_H

#include "lib/mail/relay_logins.h"
#include "lib/mail/scram_client.h"

struct login {
	struct relay_login words;
	struct scram_client_keys keys[2];	/* by enum scram_hash */
	bool refused;		/* was said so in the log already */
	struct logins *all;
};

/* Replace them by what is in the file; -1: there are none. Lines that are wrong
 * are told to the log. Does not take fd. */
void logins_read(int fd);
/* NULL: there is none of this name. */
struct login *logins_take(struct view name);
void logins_give(struct login **l);

#endif
