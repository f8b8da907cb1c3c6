/* SPDX-License-Identifier: ISC */
/*
 * relay_logins - read the file of names and passwords for other servers
 *
 *   # comment
 *   relay    alice@example.net    secret
 *   office   "DOMAIN\\bob"        "a password with blanks and a \" in it"
 *
 * A line has the name that a route says (login=NAME), the user name and the
 * password. A word with blanks, or that begins with # or ", stands in quotes,
 * in which \ comes before " and \ alone. A line that is wrong is passed over:
 * mail that needs it waits. Texts are secrets: they are wiped when freed.
 */
#ifndef MAIL_RELAY_LOGINS_H
#define MAIL_RELAY_LOGINS_H

#include "lib/base/str.h"

#define RELAY_LOGINS_LINE	4096	/* octets of a line */
#define RELAY_LOGINS_MOST	(1u << 20)	/* octets of the file */
#define RELAY_LOGIN_TEXT	1024	/* octets of a user name or password */

struct relay_login {
	struct str name, user, password;
};

/* One line. False for a comment and an empty line (*wrong NULL) and for what is
 * no login (*wrong says why). *l is zeroed, or of an earlier line. */
bool relay_login_read(struct view line, struct relay_login *l,
    const char **wrong);
/* Wipe and free. */
void relay_login_free(struct relay_login *l);

/* Every line of a text in turn: fn gets a login, or NULL and what is wrong. */
typedef void relay_login_fn(void *arg, unsigned line,
    const struct relay_login *l, const char *wrong);
void relay_logins_read(struct view text, relay_login_fn *fn, void *arg);

#endif
