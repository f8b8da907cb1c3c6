/* SPDX-License-Identifier: ISC */
/*
 * sts_fetch - get a policy by the program fetch
 *
 * The addresses of mta-sts.DOMAIN come from resolver; master starts fetch as a
 * process for this one question. A few run at once, others wait their turn.
 */
#ifndef SMTP_STS_FETCH_H
#define SMTP_STS_FETCH_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

/* What came of it, in words of RFC 8460 4.3.2.2. */
struct sts_fetched {
	bool ok;
	bool shelved;		/* it could not even be tried: no word of the
				 * domain's */
	struct str text;	/* the policy; the caller frees it */
	char result[32];	/* "sts-policy-fetch-error", ... */
	char sentence[256];
};

/* Waits for up to a minute. *f is zeroed. */
void sts_fetch(struct view domain, struct sts_fetched *f);

#endif
