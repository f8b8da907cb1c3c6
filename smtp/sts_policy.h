/* SPDX-License-Identifier: ISC */
/*
 * sts_policy - the two texts of MTA-STS (RFC 8461 3), read
 *
 * A TXT record says that there is a policy, by an id that changes with it; the
 * policy itself says which hosts a domain has, and what is to be done where they
 * cannot be verified. Both come from anybody.
 */
#ifndef SMTP_STS_POLICY_H
#define SMTP_STS_POLICY_H

#include "lib/base/str.h"

#define STS_TEXT_MOST	65536		/* octets of a policy */
#define STS_AGE_MOST	31557600	/* seconds: a year */
#define STS_ID_MOST	32

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age;	/* seconds */
	struct str mx;		/* list of patterns, lower case */
	size_t nmx;
};

/* The id in a TXT record. False when it is no record of MTA-STS at all, and
 * with an empty id when it is one that cannot be read. */
bool sts_record(struct view txt, struct view *id);
/* A whole policy. False with what is wrong; p is empty then. */
bool sts_policy_read(struct view text, struct sts_policy *p,
    const char **wrong);
void sts_policy_free(struct sts_policy *p);
/* Is this host (A-labels) one of the policy? *.example.org stands for one label
 * in front (RFC 8461 4.1). */
bool sts_policy_lists(const struct sts_policy *p, struct view host);
/* "enforce" */
const char *sts_mode_name(enum sts_mode mode);

#endif
