/* SPDX-License-Identifier: ISC */
/*
 * quota - how much mail a user may keep, as words
 *
 * In the extra fields of the users file "quota=2G quota_messages=100000", or
 * what Dovecot has there: "userdb_quota_rule=*:storage=2G:messages=100000", where
 * a number of storage alone counts kilobytes. In settings the value alone. 0 is no
 * limit.
 */
#ifndef MAIL_QUOTA_H
#define MAIL_QUOTA_H

#include "lib/base/str.h"

#define QUOTA_MOST	(UINT64_C(1) << 60)
#define QUOTA_UNSAID	UINT64_MAX	/* what is said for more people holds */

struct quota_limits {
	uint64_t octets, messages;
};
#define QUOTA_LIMITS_UNSAID ((struct quota_limits){ QUOTA_UNSAID, QUOTA_UNSAID })

static inline bool
quota_is_said(const struct quota_limits *q)
{
	return q->octets != QUOTA_UNSAID || q->messages != QUOTA_UNSAID;
}

/* Extra fields of one user. False when one that is about limits makes no sense;
 * the others count all the same. */
bool quota_fields(struct view extra, struct quota_limits *q);

/* What auth sends to store about one user, "OCTETS MESSAGES", each "-" where
 * nothing is said; and back. */
void quota_write(struct str *out, const struct quota_limits *q);
bool quota_read(struct view text, struct quota_limits *q);

#endif
