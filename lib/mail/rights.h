/* SPDX-License-Identifier: ISC */
/*
 * rights - what somebody may do with a mailbox (RFC 4314)
 *
 * A set of rights is bits; as text it is a letter each. "c" and "d" are older
 * words for some of them together (RFC 4314 2.1.1): c is k and x, d is t and e.
 *
 * An access control list gives rights to identifiers. Those that fit a user:
 *
 *	anyone			everybody who has logged in
 *	@example.org		all users of that domain
 *	bob@example.org		this user
 *
 * and each with a '-' in front takes rights away. What one has is all that is
 * given by those that fit, without all that is taken away by those that fit.
 * The owner of a mailbox has all rights as long as the list does not name him,
 * and is never without `a`.
 */
#ifndef MAIL_RIGHTS_H
#define MAIL_RIGHTS_H

#include "lib/base/str.h"

#define RIGHTS_IDENTIFIER_MAX	320

/* In the order in which they are written. */
enum right {
	RIGHT_LOOKUP = 1 << 0,		/* l */
	RIGHT_READ = 1 << 1,		/* r */
	RIGHT_SEEN = 1 << 2,		/* s */
	RIGHT_WRITE = 1 << 3,		/* w: flags but \Seen and \Deleted */
	RIGHT_INSERT = 1 << 4,		/* i */
	RIGHT_POST = 1 << 5,		/* p: mail to user+mailbox */
	RIGHT_CREATE = 1 << 6,		/* k: mailboxes below it */
	RIGHT_REMOVE = 1 << 7,		/* x: the mailbox itself */
	RIGHT_DELETED = 1 << 8,		/* t: the flag \Deleted */
	RIGHT_EXPUNGE = 1 << 9,		/* e */
	RIGHT_ADMIN = 1 << 10		/* a */
};
#define RIGHTS_ALL	0x7ffu
/* One of them, and the user may know that there is such a mailbox. */
#define RIGHTS_KNOW	(RIGHT_LOOKUP | RIGHT_READ | RIGHT_INSERT | \
	RIGHT_CREATE | RIGHT_REMOVE | RIGHT_ADMIN)

/* Letters as a client or a file gives them, each any number of times. False:
 * there is one that is none of ours. */
bool rights_parse(struct view letters, uint32_t *rights);
/* The letters; with old words for it, c and d follow where some of theirs are
 * there. */
void rights_write(struct str *out, uint32_t rights, bool old_words);
/* "lrs" is what it becomes, "+lrs" and "-lrs" change it. */
bool rights_change(struct view text, uint32_t *rights);

/* The one spelling of an identifier: lower case, with the domain of the owner
 * where there is none. False: it can't be one. */
bool rights_identifier(struct view given, struct view owner, struct str *out);

/* Gather what a list says about one user. */
struct rights_sum {
	struct view user, owner;	/* canonical names */
	uint32_t given, taken;
	bool named;			/* the owner himself is in the list */
};
void rights_begin(struct rights_sum *s, struct view user, struct view owner);
/* One row of the list. Letters that are none of ours give and take nothing. */
void rights_add(struct rights_sum *s, struct view identifier,
    struct view letters);
uint32_t rights_end(const struct rights_sum *s);

/* The n-th identifier that fits a user, without '-'; empty: there are no more. */
struct view rights_fitting(struct view user, unsigned n);

#endif
