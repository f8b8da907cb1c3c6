/* SPDX-License-Identifier: ISC */
/*
 * fit - can this server have this mail, and how is it offered
 *
 * What a mail needs and a server lacks is found out before MAIL is said. What is
 * left becomes the parameters of MAIL and RCPT: only what the server knows.
 */
#ifndef SMTP_FIT_H
#define SMTP_FIT_H

#include "smtp/client.h"
#include "smtp/job.h"

/* Bits of messages, RFC 3461 and RFC 2852. */
enum { NOTIFY_SUCCESS = 1, NOTIFY_FAILURE = 2, NOTIFY_DELAY = 4,
	NOTIFY_NEVER = 8 };
enum { BY_NOTIFY = 1, BY_RETURN = 2, BY_MODE = 3, BY_TRACE = 4 };

enum fit_end {
	FIT_WELL,
	FIT_NOT_HERE,		/* another host may take it: the outcome */
	FIT_NEVER		/* no host of this destination: the outcome */
};

struct fit {
	bool utf8;		/* SMTPUTF8 is said */
	bool chunks;		/* BDAT instead of DATA */
	const char *body;	/* BODY parameter, or NULL */
};

enum fit_end fit_look(const struct client *c, const struct job *j,
    struct fit *f, struct outcome *o);
/* "MAIL FROM:<...> ..." and "RCPT TO:<...> ..." with CRLF, behind what waits in
 * the stream. */
void fit_put_mail(struct client *c, const struct job *j, const struct fit *f);
void fit_put_rcpt(struct client *c, const struct recipient *r);

#endif
