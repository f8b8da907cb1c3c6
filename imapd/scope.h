/* SPDX-License-Identifier: ISC */
/*
 * scope - which mailboxes a NOTIFY or an ESEARCH is about
 *
 * RFC 5465 6 and RFC 7377 2.2. A name that does not exist is no error: it just
 * matches nothing. Names are matched in time that grows with the depth of the
 * mailbox and the logarithm of how many there are.
 */
#ifndef IMAPD_SCOPE_H
#define IMAPD_SCOPE_H

#include "imapd/parse.h"

enum scope_kind {
	SCOPE_SELECTED, SCOPE_SELECTED_DELAYED, SCOPE_INBOXES, SCOPE_PERSONAL,
	SCOPE_SUBSCRIBED, SCOPE_SUBTREE, SCOPE_SUBTREE_ONE, SCOPE_MAILBOXES
};

struct scope {
	enum scope_kind kind;
	struct view *name;	/* sorted; in the parser's arena */
	size_t names;
};

/* "personal", "subtree (a b)", "mailboxes a" */
void scope_parse(struct scope *s, struct parse *p);
/* The one of the selected mailbox, whatever its name? */
bool scope_is_selected(const struct scope *s);
/* May mailboxes of other users be in it? */
bool scope_reaches_shares(const struct scope *s);
/* Is a mailbox, which is selected or not for the caller to say, in it? */
bool scope_has(const struct scope *s, struct view mailbox, bool subscribed);

#endif
