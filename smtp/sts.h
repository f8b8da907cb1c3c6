/* SPDX-License-Identifier: ISC */
/*
 * sts - the policies of MTA-STS that are known (RFC 8461)
 *
 * A policy is kept until its max_age is over. The TXT record of the domain is
 * asked for each time (resolver has a cache): another id there means another
 * policy, and that is fetched while mail waits for it, for a minute at most. What
 * cannot be fetched leaves the old policy in force, and is not tried again for
 * five minutes. The program history keeps policies over restarts.
 */
#ifndef SMTP_STS_H
#define SMTP_STS_H

#include "lib/base/arena.h"
#include "lib/proc/channel.h"
#include "smtp/sts_policy.h"

/* What holds for a domain. All texts are the arena's. */
struct sts {
	enum sts_mode mode;	/* NONE: nothing holds */
	struct sts_policy policy;	/* its hosts */
	struct view lines;	/* list: the policy's lines, for reports */
	/* There is a policy and it is not to be had: a result type of RFC 8460
	 * and a sentence, else "". */
	struct view failure, sentence;
};

/* domain: A-labels, lower case. May wait. */
void sts_find(struct view domain, struct arena *a, struct sts *out);

/* For the handler table: history says what it kept. */
void sts_known(struct channel *c, uint32_t tag, struct msg_sts_known *m);

#endif
