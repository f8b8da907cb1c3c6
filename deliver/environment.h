/* SPDX-License-Identifier: ISC */
/*
 * environment - what a command learns of its mail
 *
 * HOME, USER, LOGNAME, SHELL and PATH are who runs it; SENDER, RECIPIENT,
 * ORIGINAL_RECIPIENT, LOCAL, DOMAIN and EXTENSION are the envelope, in which
 * whatever a shell could read something into is an underscore.
 */
#ifndef DELIVER_ENVIRONMENT_H
#define DELIVER_ENVIRONMENT_H

#include "deliver/order.h"

#define ENVIRONMENT_MOST 16

struct passwd;
struct environment {
	struct str text[ENVIRONMENT_MOST];
	char *list[ENVIRONMENT_MOST + 1];	/* as execve() wants it */
	size_t n;
};

/* who: NULL if the system knows no such user. */
void environment_make(struct environment *e, const struct order *o,
    const char *delimiters, const struct passwd *who);
void environment_free(struct environment *e);

#endif
