/* SPDX-License-Identifier: ISC */
/*
 * scheme - is this the password that a hash was made of
 *
 * A stored secret is "{SCHEME}hash"; without a scheme it is crypt(3)'s, as
 * Dovecot's passwd-file has it. Blanks around a hash are not part of it; around
 * a plain password they are. Comparisons take the same time whatever differs.
 */
#ifndef MAIL_SCHEME_H
#define MAIL_SCHEME_H

#include "lib/base/view.h"

#define SCHEME_PASSWORD_MAX 511	/* octets; crypt(3) takes no more */

struct scheme {
	const char *name;
	bool slow;	/* by design: belongs into a thread */
	bool (*check)(struct view password, struct view hash);
};

/* The scheme of a stored secret and the hash behind it; NULL when the scheme
 * is none of ours. */
const struct scheme *scheme_of(struct view secret, struct view *hash);

/* The work of checking a password of the default scheme, for nobody: unknown
 * users take as long as known ones. scheme_prepare makes the hash that it
 * needs, at start. */
void scheme_prepare(void);
void scheme_pretend(struct view password);

#endif
