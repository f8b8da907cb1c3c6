/* SPDX-License-Identifier: ISC */
/*
 * caller - who runs this command, and what this host calls itself
 */
#ifndef SENDMAIL_CALLER_H
#define SENDMAIL_CALLER_H

#include <sys/types.h>

#include "lib/proc/settings.h"

struct caller {
	uid_t uid;
	const char *user;	/* login name, or the number */
	const char *full_name;	/* of the password file, "" if it has none */
	const char *hostname;	/* as the server greets */
	const char *domain;	/* behind names without one */
};

/* Everything lives in the arena, or as long as the settings. */
void caller_find(struct caller *c, const struct settings *s, struct arena *a);

#endif
