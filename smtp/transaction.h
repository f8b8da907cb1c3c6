/* SPDX-License-Identifier: ISC */
/*
 * transaction - one mail over one connection (RFC 5321 3.3, 2920, 3030, 2033)
 *
 * What may go together goes in one write: MAIL, RCPT and DATA where the server
 * has PIPELINING, and BDAT with the whole content where it has CHUNKING. Replies
 * are read strictly in the order of the commands.
 */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include "smtp/client.h"
#include "smtp/job.h"

enum transaction_end {
	TRANSACTION_DONE,	/* each recipient that was offered is settled;
				 * others may still be wanted */
	TRANSACTION_HOST	/* this host is of no use for the recipients that
				 * are still wanted: the outcome says why */
};

/* Offer the mail to the recipients that are wanted, as many as the server takes
 * at once. c may be broken afterwards. */
enum transaction_end transaction_run(struct client *c, struct job *j,
    struct outcome *o);

#endif
