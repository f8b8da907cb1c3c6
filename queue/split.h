/* SPDX-License-Identifier: ISC */
/*
 * split - a mail to a list becomes mails to its members
 *
 * A recipient of transport "list" is one until its turn comes. local then opens
 * another mail for the first members, a thousand at most, and for the list again
 * from there on, if there are more: that mail has its turn in the same way. Its
 * envelope settles the list in the mail that it comes of, in one record, so both
 * are true at once, and no member is left out or served twice.
 */
#ifndef QUEUE_SPLIT_H
#define QUEUE_SPLIT_H

#include "queue/intake.h"

/* mail_open of local: is this list being tried, and by nobody else? */
bool split_begin(struct intake *i, const struct msg_mail_open *m,
    struct why *w);
/* At the commit: what it settles, to be freed, and what the envelope has of the
 * mail that it comes of. False: that list is not tried any more. */
bool split_commit(struct intake *i, struct mail_head *h, struct why *w);
/* How the commit ended. */
void split_safe(const struct intake *i);
void split_unsafe(const struct intake *i);

/* Is it the rest of a list, whose other members have their mail? Its destination
 * is ">" and the key behind which it begins (router/members.h). */
bool split_is_rest(const struct mail *m, uint32_t rcpt);

#endif
