/* SPDX-License-Identifier: ISC */
/*
 * aliases - read an alias file, aliases(5)
 *
 * "name: value, value", continued on lines that begin with a blank; # begins a
 * comment line. Names and values may be quoted. The reader knows no files: it
 * takes the text and gives entries and complaints to a sink. Its time is
 * linear, its memory one logical line.
 *
 * An entry's items are a list (lib/proc/message.h) of texts, each one letter
 * and what follows it: 'a' and an address, without a domain if it had none; 'u'
 * and the same: "\\name", the user of that name, whatever aliases say; 'i' and
 * the path of a list, ":include:/path"; '|' and a command; '/' and the rest of a
 * path, which ends in a / if it is that of a Maildir; 'r' and a sentence: this
 * item cannot be served, mail for the alias must wait.
 */
#ifndef MAIL_ALIASES_H
#define MAIL_ALIASES_H

#include "lib/base/str.h"
#include "lib/proc/settings.h"

#define ALIASES_LINE_MAX (8 * 1024 * 1024)	/* octets of a logical line, or of a
					 * list's items */
#define ALIASES_TARGET_MAX 1000		/* octets of a command or path */

enum {
	ALIAS_ADDRESS = 'a',
	ALIAS_USER = 'u',
	ALIAS_INCLUDE = 'i',
	ALIAS_COMMAND = '|',
	ALIAS_FILE = '/',
	ALIAS_REFUSED = 'r'
};

struct aliases_sink {
	/* key: "name" or "name@domain", ASCII lower case, without quotes; empty
	 * of a list. Both views live until this returns. False stops the
	 * reader. */
	bool (*entry)(void *arg, size_t line, struct view key,
	    struct view items);
	/* Something is wrong on this line; an entry may come all the same. */
	void (*complain)(void *arg, size_t line, const char *sentence);
	void *arg;
};

/* False when the sink stopped it. */
bool aliases_read(struct view text, const struct aliases_sink *sink);
/* The same of a file that an entry includes: its lines have values only, and
 * all of them are one entry, which may be empty. Whoever writes such a file is
 * not trusted with more than addresses: other values make it a refused one. */
bool aliases_read_list(struct view text, const struct aliases_sink *sink);

/* The same of a file that says where a user's own mail goes: commands, files and
 * lists with any absolute path are his to name. */
bool aliases_read_forward(struct view text, const struct aliases_sink *sink);

/* May aliases include this file? Only below a directory that holds one of the
 * alias files: router sees no others. */
bool aliases_may_include(const struct words *files, struct view path);

#endif
