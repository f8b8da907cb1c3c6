/* SPDX-License-Identifier: ISC */
/*
 * options - what settings say about POP, as one session uses it
 *
 * A session keeps those that it began with: identifiers, for one, must stay
 * what they are while it lasts.
 */
#ifndef POP3D_OPTIONS_H
#define POP3D_OPTIONS_H

#include "lib/proc/pop_settings.h"

struct settings;

struct options {
	char uidl_text[65];		/* what uidl points to */
	struct uidl_form uidl;
	bool mark_read;
	int64_t expire_days;		/* -1: never */
	int64_t login_delay;		/* seconds, 0: none */
};

/* NULL: what holds where settings say nothing. */
void options_take(struct options *o, const struct settings *s);

#endif
