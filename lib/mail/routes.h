/* SPDX-License-Identifier: ISC */
/*
 * routes - read the files that say where mail goes on to, routes(5)
 *
 * The routes file has lines "PATTERN HOP [options]", the file relay_recipients
 * an address or "@domain" on each. The readers know no files: they take a text
 * and give entries and complaints to a sink. Their time is linear, their memory
 * one line.
 *
 * A key is a letter, which says what the pattern looks at, and the name in its
 * one form: domains with A-labels, all in lower case.
 */
#ifndef MAIL_ROUTES_H
#define MAIL_ROUTES_H

#include "lib/mail/address.h"

#define ROUTES_LINE_MAX	   2048	/* octets of a line */
#define ROUTES_SENTENCE_MAX 120	/* of what refuse and defer say */

enum routes_key {
	ROUTES_ADDRESS = 'a',		/* user@example.org */
	ROUTES_DOMAIN = 'd',		/* example.org */
	ROUTES_BELOW = 'b',		/* .example.org */
	ROUTES_SENDER = 's',		/* sender user@example.org */
	ROUTES_SENDER_DOMAIN = 'f',	/* sender @example.org */
	ROUTES_DEFAULT = '*'
};

enum route_kind {
	ROUTE_HOP = 'h',
	ROUTE_OWN = 'm',	/* "mx": the recipient's domain itself */
	ROUTE_REFUSE = 'r',
	ROUTE_DEFER = 'd'
};

struct route {
	enum route_kind kind;
	uint32_t line;
	struct view text;	/* hop (lib/mail/hop.h), of ROUTE_OWN with the
				 * host "mx"; or the sentence */
};

struct routes_sink {
	/* The views live until this returns. False stops the reader. */
	bool (*entry)(void *arg, struct view key, const struct route *r);
	/* Something is wrong here; the line gives no entry. */
	void (*complain)(void *arg, size_t line, size_t column,
	    const char *sentence);
	void *arg;
};

/* False when the sink stopped it. */
bool routes_read(struct view text, const struct routes_sink *sink);
/* The same of relay_recipients: keys ROUTES_ADDRESS and ROUTES_DOMAIN, of the
 * route only the line counts. */
bool routes_read_recipients(struct view text, const struct routes_sink *sink);

/* Put the key of a name in place of what is in out: of an address, or of
 * a domain. False when the domain is none, and out is void. */
bool routes_key_address(struct str *out, enum routes_key kind,
    const struct address *a);
bool routes_key_domain(struct str *out, enum routes_key kind,
    struct view domain);
/* Append the pattern as the file has it. */
void routes_pattern(struct view key, struct str *out);

/* A route as octets, as an index keeps it, and back; r points into value. */
void route_write(const struct route *r, struct str *out);
bool route_parse(struct view value, struct route *r);

#endif
