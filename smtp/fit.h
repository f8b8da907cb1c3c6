/* SPDX-License-Identifier: ISC */
/*
 * fit - can this server have this mail, and how is it offered
 *
 * What a mail needs and a server lacks is found out before MAIL is said: it is
 * spelled or converted so that the server can have it, or does not go there.
 */
#ifndef SMTP_FIT_H
#define SMTP_FIT_H

#include "lib/mail/downgrade.h"
#include "smtp/client.h"
#include "smtp/job.h"

enum fit_end {
	FIT_WELL,
	FIT_NOT_HERE,		/* another host may take it: the outcome */
	FIT_NEVER		/* no host of this destination: the outcome */
};

struct fit {
	struct view sender;	/* as the server is told it */
	uint64_t size;		/* octets that it is sent */
	bool utf8;		/* SMTPUTF8 is said */
	bool chunks;		/* BDAT instead of DATA */
	bool convert;		/* the content has to be converted, */
	enum downgrade_level level;	/* for a server that takes this */
	const char *body;	/* BODY parameter, or NULL */
};

/* Recipients that are not to be had here because of their address are settled;
 * the others have their spelling. */
enum fit_end fit_look(const struct client *c, struct job *j, struct fit *f,
    struct outcome *o);

#endif
