/* SPDX-License-Identifier: ISC */
/*
 * match - which recipients the administrator means
 *
 * What queue_act says is copied, as a request lives longer than its message.
 * Everything that is said must hold; what is not said, holds for all. Names of
 * domains are compared by their A-labels, addresses without case.
 */
#ifndef QUEUE_MATCH_H
#define QUEUE_MATCH_H

#include "lib/proc/message.h"
#include "queue/mail.h"

struct match {
	struct msg_queue_act said;	/* its views point into text */
	struct str text;
};

void match_set(struct match *f, const struct msg_queue_act *said);
void match_free(struct match *f);
/* What is said about the mail as a whole; the recipients are not looked at. */
bool match_mail(const struct match *f, const struct mail *m);
/* What is said about a recipient; of settled ones never true. */
bool match_rcpt(const struct match *f, const struct mail *m, uint32_t rcpt);

/* User name, or next hop as it stands now. */
struct view match_destination(const struct mail *m, uint32_t rcpt);
/* "active", "deferred", "held" or "reporting". */
const char *match_state(const struct mail *m, uint32_t rcpt);
/* Is name this domain, or, if that has an "@" in front, below it? Both in
 * A-labels. */
bool match_within(struct view name, struct view domain);
/* The domain of an address in A-labels, as far as it has them; false when there
 * is none. */
bool match_domain_of(struct view address, struct str *out);

#endif
