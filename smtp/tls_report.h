/* SPDX-License-Identifier: ISC */
/*
 * tls_report - tell history how TLS went, for reports to domains (RFC 8460)
 *
 * One message for each session that came to something or failed; history
 * counts. Nobody waits for it.
 */
#ifndef SMTP_TLS_REPORT_H
#define SMTP_TLS_REPORT_H

#include "lib/proc/stream.h"

struct tls_report {
	const char *policy;	/* "tlsa", "sts" or "no-policy-found" */
	struct view domain;	/* of the recipients; "": nothing is told */
	struct view strings;	/* list: the policy, or the records */
	struct view mx;		/* "": none was reached */
	const char *result;	/* "success", or a result type */
	const char *reason;	/* more about it, or "" */
	const struct stream *stream;	/* NULL: no connection */
};

void tls_report_send(const struct tls_report *r);

#endif
