/* SPDX-License-Identifier: ISC */
/*
 * options - the command line that forty years of programs pass to sendmail
 *
 * Values stand glued to their flag or behind it, flags without values may be
 * joined, "--" ends them. What other mail systems accept and what makes no
 * difference here is accepted; what nobody knows is an error, so that a mistake
 * is seen when it is made.
 */
#ifndef SENDMAIL_OPTIONS_H
#define SENDMAIL_OPTIONS_H

#include "lib/base/base.h"

enum mode {
	MODE_SEND,		/* -bm, and without any -b */
	MODE_SMTP,		/* -bs */
	MODE_LIST,		/* -bp, mailq */
	MODE_ALIASES,		/* -bi, -I, newaliases */
	MODE_VERIFY,		/* -bv */
	MODE_FLUSH,		/* -q... */
	MODE_DRAIN		/* --drain, for master */
};

struct options {
	enum mode mode;
	bool from_header;	/* -t */
	bool dot_is_text;	/* -i */
	bool gateway;		/* -G: leave the header alone */
	bool verbose;		/* -v */
	bool body_8bit;		/* -B8BITMIME */
	const char *sender;	/* -f, -r without brackets; NULL: the caller */
	const char *full_name;	/* -F; NULL: of the password file */
	const char *notify;	/* -N, as RFC 3461 has it; NULL */
	const char *ret;	/* -R: FULL or HDRS; NULL */
	const char *envid;	/* -V, xtext; NULL */
	const char *settings;	/* -C; NULL */
	char flush_by;		/* -q: I, R or S; 0: all */
	const char *flush_what;	/* id, recipient or domain, sender */
	char **recipients;	/* closed by NULL */
};

/* argv[0] counts: mailq, newaliases. False with a sentence in error (of
 * room octets): EX_USAGE. Points into argv. */
bool options_read(struct options *o, char **argv, char *error, size_t room);

#endif
