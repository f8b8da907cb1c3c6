/* SPDX-License-Identifier: ISC */
/*
 * param - the parameters behind MAIL FROM and RCPT TO (RFC 5321 4.1.1.11)
 */
#ifndef SMTPD_PARAM_H
#define SMTPD_PARAM_H

#include "smtpd/dialog.h"

/* Read "KEY=value KEY ..." into the transaction, or into one recipient of it.
 * True, or *r is the refusal. */
bool param_mail(struct dialog *d, struct view text, struct response *r);
bool param_rcpt(struct dialog *d, struct rcpt *rcpt, struct view text,
    struct response *r);

/* smtpd/param_time.c: the parameters about when a mail is due. */
struct rcpt;
bool param_hold_for(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w);
bool param_hold_until(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w);
bool param_by(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w);
bool param_priority(struct dialog *d, struct rcpt *rcpt, struct view value,
    struct why *w);
/* What they say together makes sense. */
bool param_times_fit(const struct dialog *d, struct why *w);

#endif
