/* SPDX-License-Identifier: ISC */
/*
 * shared - names of mailboxes that belong to other users
 *
 * The mailbox Work of anna@example.org is "Other Users/anna@example.org/Work" to
 * everybody else, and her INBOX ends in "/INBOX". The owner stands there with
 * his whole name, in one spelling: '/' and '%' in it are "%2F" and "%25".
 */
#ifndef MAIL_SHARED_H
#define MAIL_SHARED_H

#include "lib/base/str.h"

#define SHARED_ROOT	"Other Users"
#define SHARED_PREFIX	SHARED_ROOT "/"

/* Is it the root, or anything below it? Nobody has such a mailbox himself. */
bool shared_is(struct view name);
/* Append the owner; the mailbox points into the name, and is empty where the
 * name ends with the owner. False, nothing added: nobody's. */
bool shared_parse(struct view name, struct str *owner, struct view *mailbox);
void shared_write(struct str *out, struct view owner, struct view mailbox);

#endif
