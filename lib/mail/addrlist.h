/* SPDX-License-Identifier: ISC */
/*
 * addrlist - the address lists of header fields (RFC 5322 3.4 and 4.4)
 *
 * Groups, comments, display names, routes and the obsolete forms, read in one
 * pass over hostile input: time is linear, comment depth needs no stack, the
 * number of entries has a cap. What is not an address still gives an entry
 * where it can, so that ENVELOPE shows something; `bad` tells the strict caller
 * (sendmail -t). Encoded words (RFC 2047) are left as they are.
 *
 * In an entry, a view with p == NULL means "not there" (NIL in IMAP).
 */
#ifndef MAIL_ADDRLIST_H
#define MAIL_ADDRLIST_H

#include "lib/base/arena.h"
#include "lib/mail/address.h"

#define ADDRLIST_MAX 100000	/* a sane cap for `most` */

enum addrlist_kind {
	ADDRLIST_MAILBOX,
	ADDRLIST_GROUP_BEGIN,	/* local is the name of the group */
	ADDRLIST_GROUP_END	/* all views absent */
};

struct addrlist_entry {
	struct addrlist_entry *next;
	enum addrlist_kind kind;
	struct view name;	/* display name, or the comment behind */
	struct view route;	/* "@a,@b" of an obsolete route (ADL) */
	struct view local;	/* un-quoted; present in a mailbox */
	struct view domain;	/* present in a mailbox, "" if missing */
	struct view local_at, domain_at;	/* the octets of the text that
						 * they were read from */
};

struct addrlist {
	struct addrlist_entry *first;
	struct addrlist_entry **tail;
	size_t count;		/* entries of any kind */
	bool bad;		/* some of it is no RFC 5322 address */
	bool bare;		/* bad: a name without a domain, and: */
	bool broken;		/* bad for another reason than that */
	bool cut;		/* `most` entries were reached */
};

/* An empty list; addrlist_add() appends to it. */
void addrlist_init(struct addrlist *l);
/* Parse a raw field value (folded or not) and append its entries, until the
 * list has `most` of them. Views live as long as the arena and the text. */
void addrlist_add(struct addrlist *l, struct view text, size_t most,
    struct arena *a);
/* The mailbox as an SMTP address; false for group marks, for a domain that is
 * missing, and for what RFC 5321 does not accept. `allow` as address_path(). */
bool addrlist_address(const struct addrlist_entry *e, unsigned allow,
    struct address *out);

#endif
