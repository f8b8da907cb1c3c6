/* SPDX-License-Identifier: ISC */
/*
 * scheme - is this the password that a hash was made of
 *
 * A stored secret is "{SCHEME}hash" or, for an encoding that is not the
 * scheme's own, "{SCHEME.b64}" and "{SCHEME.hex}"; without a scheme it is
 * crypt(3)'s. All this as Dovecot's passwd-file has it. Blanks around a hash are
 * not part of it; around a plain password they are. Comparisons take the same
 * time whatever differs.
 */
#ifndef MAIL_SCHEME_H
#define MAIL_SCHEME_H

#include "lib/base/str.h"

#define SCHEME_PASSWORD_MAX 511	/* octets; crypt(3) takes no more */

enum scheme_encoding { SCHEME_AS_IS, SCHEME_BASE64, SCHEME_HEX };

/* What else than a password as it is can be checked against a secret. */
enum {
	SERVES_SCRAM_SHA_1 = 1,
	SERVES_SCRAM_SHA_256 = 2,
	SERVES_CRAM_MD5 = 4	/* and APOP */
};

struct scheme {
	const char *name;
	bool slow;		/* by design: belongs into a thread */
	enum scheme_encoding encoding;
	unsigned serves;
	/* hash is decoded. NULL: PAM has to be asked, about the account of the
	 * system that the hash names, or the user's own name. */
	bool (*check)(struct view password, struct view hash);
};

/* A stored secret, taken apart; views into it. */
struct secret {
	const struct scheme *scheme;
	enum scheme_encoding encoding;
	struct view hash;
};

/* False when the scheme is none of ours. */
bool scheme_of(struct view stored, struct secret *secret);
/* Never right for PAM. */
bool scheme_check(const struct secret *secret, struct view password);
/* Append the hash without its encoding; false when it is malformed. For the
 * scheme PLAIN it is the password. */
bool scheme_decode(const struct secret *secret, struct str *out);

/* The work of checking a password of the default scheme, for nobody: unknown
 * users take as long as known ones. scheme_prepare makes the hash that it
 * needs, at start. */
void scheme_prepare(void);
void scheme_pretend(struct view password);

#endif
