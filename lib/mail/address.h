/* SPDX-License-Identifier: ISC */
/*
 * address - paths and mailboxes as SMTP writes them (RFC 5321 4.1.2, 6531)
 *
 * One struct address stands for a mailbox everywhere. Its views point into the
 * text that was parsed or, where quotes had to go, into the arena: they live as
 * long as both. Parsing is one pass; every length has a limit. Address lists of
 * header fields are another grammar: lib/mail/addrlist.h.
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include "lib/base/arena.h"
#include "lib/base/str.h"
#include "lib/base/why.h"

#define ADDRESS_LOCAL_MAX  64	/* as written, quotes included */
#define ADDRESS_DOMAIN_MAX 255
#define ADDRESS_PATH_MAX   256	/* with the angle brackets, without a route */

struct address {
	struct view local;	/* without quotes and backslashes */
	struct view domain;	/* as written; a literal with its brackets */
	bool null;		/* <>: both views are empty */
	bool literal;		/* the domain is [192.0.2.1], [IPv6:...], ... */
};

/* What a caller allows beyond plain RFC 5321 mailboxes. */
enum address_allow {
	ADDRESS_UTF8 = 1,	/* SMTPUTF8: UTF-8 in local part and domain */
	ADDRESS_NULL = 2,	/* <>, for MAIL FROM */
	ADDRESS_LOCAL = 4,	/* <user> without a domain: its view is empty */
	ADDRESS_POSTMASTER = 8,	/* <Postmaster> only, as RCPT TO must */
	ADDRESS_BARE = 16,	/* no angle brackets, as old clients write */
	/* What a client may name in MAIL, and in RCPT without SMTPUTF8. */
	ADDRESS_OF_MAIL = ADDRESS_NULL | ADDRESS_BARE | ADDRESS_UTF8,
	ADDRESS_OF_RCPT = ADDRESS_POSTMASTER | ADDRESS_BARE
};

enum address_error {
	ADDRESS_FINE,
	ADDRESS_SYNTAX,
	ADDRESS_TOO_LONG,	/* local part, domain or path */
	ADDRESS_NEEDS_UTF8,	/* UTF-8 without ADDRESS_UTF8 */
	ADDRESS_NEEDS_DOMAIN	/* no domain, and none was optional */
};

/* Take a path from the front of *in: what stands behind "MAIL FROM:" or
 * "RCPT TO:", blanks before it tolerated. A source route is dropped. On success
 * *in is what follows, the ESMTP parameters, without leading blanks; the path
 * must be followed by a blank or the end. On error *in and *out are void. */
enum address_error address_path(struct view *in, unsigned allow,
    struct arena *a, struct address *out);

/* All of text is one mailbox without angle brackets ("user@example.org"), as
 * in settings, tables and command lines. Never null. */
enum address_error address_parse(struct view text, unsigned allow,
    struct arena *a, struct address *out);

/* The error as a verdict: 1.7 for a sender, 1.3 for a recipient, 6.7 where
 * SMTPUTF8 was needed. Returns false. */
bool address_why(enum address_error e, bool sender, struct why *why);

/* local@domain, the local part quoted if it must be; nothing for a null one,
 * no angle brackets, no "@" without a domain. Parses back to the same. */
void address_write(struct str *out, const struct address *a);

/* The name of a user: "local@domain", ASCII lower case, without quotes. The
 * last '@' divides it, whatever the local part holds. */
void address_canonical_user(struct str *out, const struct address *a);

/* Local parts byte by byte, domains without case. */
bool address_same(const struct address *a, const struct address *b);

/* Divide "user+detail" at the first of the separator characters that is not
 * the first character. Without one: false, *user = local, *detail empty. */
bool address_detail(struct view local, const char *separators,
    struct view *user, struct view *detail);

/* A domain name: labels of letters, digits and inner hyphens, at most 63 octets
 * each, no dot at either end. utf8 allows U-labels, those that IDNA2008 has. */
bool address_is_domain(struct view v, bool utf8);
/* Is the name below the domain, and not the domain itself? Both are spelled in
 * one way. */
bool address_is_below(struct view name, struct view domain);
/* An address literal with its brackets: IPv4, IPv6 (RFC 5321 4.1.3) or
 * a general one "[tag:content]". */
bool address_is_literal(struct view v);
/* An IPv4 or IPv6 address (AF_INET, AF_INET6), without brackets; as the C library
 * writes it in `written` if that is not NULL. */
#define ADDRESS_IP_SIZE 46
bool address_is_ip(struct view v, int family, char written[ADDRESS_IP_SIZE]);
/* What HELO and EHLO may say: domain or literal. tolerant accepts what honest
 * clients send: underscores, a dot at the end, hyphens anywhere, bare IP
 * addresses; still never blanks, controls, 8-bit bytes or more than 255. */
bool address_is_helo(struct view v, bool tolerant);
/* "postmaster", without case. */
bool address_is_postmaster(struct view local);

/* FNV-1a of the canonical user name, modulo instances (> 0): which instance
 * of store keeps this user. */
uint32_t user_instance(struct view user, uint32_t instances);

#endif
