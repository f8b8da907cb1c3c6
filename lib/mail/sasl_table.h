/* SPDX-License-Identifier: ISC */
/*
 * sasl_table - the mechanisms, and which of them auth said can be used; for
 * sasl.c, and whoever checks names
 */
#ifndef MAIL_SASL_TABLE_H
#define MAIL_SASL_TABLE_H

#include "lib/base/view.h"

enum {
	NEEDS_PRIVACY = 1,	/* sends a secret as it is */
	NEEDS_BINDING = 2,	/* binds itself to the TLS connection */
	NEEDS_CERTIFICATE = 4,	/* of the client, verified */
	UNLISTED = 8		/* a command of its own, in no list */
};

struct sasl_mechanism {
	const char *name;
	unsigned needs;
};

/* Strongest first; NULL behind the last. */
const struct sasl_mechanism *sasl_mechanism_nth(size_t n);
/* By its name in any case; NULL when it is none of ours. */
const struct sasl_mechanism *sasl_mechanism(struct view name);
/* Wait a moment for auth's first word, in a fiber: a process that was just
 * started must not offer less than others. */
void sasl_wait(void);
/* Can some account use it? */
bool sasl_is_usable(const struct sasl_mechanism *m);

#endif
