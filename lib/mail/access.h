/* SPDX-License-Identifier: ISC */
/*
 * access - read the file of rules about who may send what to whom, access(5)
 *
 * A line is one condition or several, then an action: "sender @spam.example
 * refuse". The reader knows no files: it takes a text and gives rules and
 * complaints to a sink. Its time is linear, its memory one line.
 *
 * A rule with a single condition of a plain name has a key, by which an index
 * finds it among millions. All others (networks, what is below a domain in
 * several ways, expressions, several conditions) are patterns: somebody has to
 * go through them.
 */
#ifndef MAIL_ACCESS_H
#define MAIL_ACCESS_H

#include "lib/mail/address.h"

#define ACCESS_LINE_MAX	      2048	/* octets of a line */
#define ACCESS_SENTENCE_MAX   120	/* of what refuse, defer and hold say */
#define ACCESS_CONDITIONS_MAX 8		/* of one line */
#define ACCESS_COPIES_MAX     10	/* addresses of one bcc */

/* What a condition looks at, as a key has it. */
enum access_what {
	ACCESS_CLIENT = 'c',	/* IP address, empty on this host */
	ACCESS_HELO = 'h',
	ACCESS_LOGIN = 'l',	/* user name, empty without a login */
	ACCESS_SENDER = 's',	/* empty for <> */
	ACCESS_RECIPIENT = 'r'
};

enum access_form {
	ACCESS_ANY = '*',
	ACCESS_NAME = 'n',	/* all of it */
	ACCESS_DOMAIN = 'd',	/* "@example.org" of an address */
	ACCESS_BELOW = 'b',	/* ".example.org": hosts, domains below */
	ACCESS_LOCAL = 'u',	/* "postmaster@" in any domain */
	ACCESS_NETWORK = 'i',	/* "192.0.2.0/24" */
	ACCESS_EXPRESSION = 'e'	/* "/^spam/": Perl's, without case */
};

enum access_action {
	ACCESS_ALLOW = 'a',	/* no further line is looked at */
	ACCESS_REFUSE = 'r',
	ACCESS_DEFER = 'd',
	ACCESS_HOLD = 'h',	/* taken, and kept for the administrator */
	ACCESS_DISCARD = 'x',	/* taken, and thrown away */
	ACCESS_MOVED = 'm',	/* refused: text is the address now */
	ACCESS_BCC = 'b'	/* a copy goes to the addresses in text */
};

struct access_condition {
	enum access_what what;
	enum access_form form;
	bool not;		/* "not" stands before it */
	struct view text;	/* in the one form that is compared */
};

struct access_rule {
	uint32_t line;
	enum access_action action;
	struct view status;	/* subject.detail of refuse, defer; or empty */
	struct view text;	/* sentence or addresses */
	size_t n;
	struct access_condition condition[ACCESS_CONDITIONS_MAX];
};

struct access_sink {
	/* The views live until this returns. False stops the reader. */
	bool (*rule)(void *arg, const struct access_rule *r,
	    struct view line);
	/* Something is wrong here; the line gives no rule. */
	void (*complain)(void *arg, size_t line, size_t column,
	    const char *sentence);
	void *arg;
};

/* False when the sink stopped it. */
bool access_read(struct view text, const struct access_sink *sink);
/* One line of a file, without its line end; number is its. False for an empty
 * line or a wrong one. The rule points into line and the arena. */
bool access_line(struct view line, uint32_t number, struct arena *a,
    struct access_rule *r);

/* Append the key of a rule that has one; false for a pattern. */
bool access_key(const struct access_rule *r, struct str *out);
/* Append the key of a plain name; copies: of lines that make one. */
void access_key_of(struct str *out, bool copies, enum access_what what,
    enum access_form form, struct view text);
/* The one form of an address, a domain or a host, as rules have it: lower
 * case, A-labels. Appended; false when it is none. */
bool access_address(struct str *out, const struct address *a);
bool access_host(struct str *out, struct view name);

/* What a rule does, as octets, as an index keeps it, and back: line, action,
 * status and text; those of *r point into value. */
void access_write(const struct access_rule *r, struct str *out);
bool access_parse(struct view value, struct access_rule *r);

#endif
