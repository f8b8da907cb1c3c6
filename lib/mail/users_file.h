/* SPDX-License-Identifier: ISC */
/*
 * users_file - read the users file, users(5)
 *
 * A line is "user@domain:{SCHEME}hash", as Dovecot's passwd-file has it: six
 * more fields may follow, of which only the last is looked at: for limits of the
 * mailboxes (lib/mail/quota.h), for "nologin" and for "nopassword", which both mean
 * here that nobody logs in. # begins a comment
 * line. A name without a domain belongs to the only domain of the settings; when
 * there are several it is an error. The reader sorts by name, so that the index
 * is written in order, and keeps the first of two lines of one user.
 */
#ifndef MAIL_USERS_FILE_H
#define MAIL_USERS_FILE_H

#include "lib/base/str.h"
#include "lib/mail/quota.h"
#include "lib/proc/settings.h"

struct users_line {
	struct str name;	/* canonical; the caller's to free */
	struct view secret;	/* points into the line; empty: no login */
	struct quota_limits limits;
	const char *wrong;	/* what is wrong with it, or NULL */
};

/* The domain of names without one, empty: there is none. */
struct view users_domain(const struct settings *s);
/* One line. False for a comment and an empty line (wrong NULL) and for what is
 * none of a user (wrong says why). *l is zeroed, or of an earlier line. */
bool users_line(struct view line, struct view domain, struct users_line *l);

struct users_entry {
	uint32_t name, secret;		/* offsets into names and the text */
	uint32_t line;
	uint16_t name_n, secret_n;
};

/* What a text says, entries ascending by name. */
struct users_file {
	struct view text;
	struct str names;	/* canonical names in a row */
	struct users_entry *entry;
	size_t n, cap;
	uint32_t lines;
	struct view first;	/* name on the first line of the file */
	struct str complaints;	/* lines "LINE: sentence\n" */
	size_t wrong;		/* how many there were, beyond those told */
	unsigned serves;	/* SERVES_ of any user (lib/mail/scheme.h) */
	uint32_t iterations;	/* of the first SCRAM keys; 0: none */
};

/* The text must outlive f. Touches nothing but f: may run in a thread. False
 * when the text is larger than 4 GiB. */
bool users_file_read(struct users_file *f, struct view text,
    struct view domain);
void users_file_free(struct users_file *f);
struct view users_file_name(const struct users_file *f, size_t i);
struct view users_file_secret(const struct users_file *f, size_t i);
/* Read again from the text, as few have any. */
struct quota_limits users_file_limits(const struct users_file *f, size_t i);

#endif
