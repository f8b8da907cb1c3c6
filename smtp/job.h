/* SPDX-License-Identifier: ISC */
/*
 * job - one mail for some recipients at one hop, as queue handed it over
 *
 * A job has an arena: what is found out on the way lives there until the last
 * recipient is settled. Each recipient gets one verdict, sent as soon as it
 * stands; then queue is told how the destination is, and the job is gone.
 */
#ifndef SMTP_JOB_H
#define SMTP_JOB_H

#include "lib/mail/contact.h"
#include "lib/mail/hop.h"
#include "lib/proc/channel.h"
#include "smtp/outcome.h"

enum {
	BODY_FORM = 3,		/* of msg_send.body: 0 7bit, 1 8bit, 2 binary */
	BODY_UTF8 = 4,
	TLS_REQUIRED = 1,	/* of msg_send.tls: RFC 8689 */
	TLS_OPTIONAL = 2
};

enum recipient_state {
	RECIPIENT_WANTED,	/* nothing said about it yet */
	RECIPIENT_OFFERED,	/* in the present transaction */
	RECIPIENT_ACCEPTED,	/* the server took it there */
	RECIPIENT_SETTLED	/* queue has its verdict */
};

struct recipient {
	uint32_t number;
	enum recipient_state state;
	bool offered;		/* in the present transaction */
	uint8_t notify;
	struct view address, original, orcpt;
	struct view spelled;	/* address as the present server is told it */
};

struct job {
	struct arena arena;
	struct channel *queue;	/* NULL: it is gone, nobody wants to hear */
	uint32_t tag;
	struct msg_send m;	/* texts in the arena; content is the job's */
	char id[24];		/* of the mail, for log lines */
	struct hop hop;
	bool final;		/* the server may have the whole mail */
	/* What is sent in place of the first octets of the content. */
	struct view header;
	uint64_t header_was;	/* how many octets; 0: nothing */
	bool looked_at;		/* the next is known */
	bool utf8_header;
	struct recipient *recipient;
	size_t nrecipients, unsettled;
	enum contact contact;
	struct view trouble;	/* what was wrong with the destination, or "" */
};

/* Takes the descriptor of m; copies the rest. NULL: the list of recipients is
 * malformed. */
struct job *job_new(struct channel *queue, uint32_t tag, struct msg_send *m);
/* Octets that are to be sent: without Return-Path. */
uint64_t job_size(const struct job *j);
/* Where in the file those begin that are sent as they are. */
uint64_t job_kept(const struct job *j);
/* Tell queue about one recipient. */
void job_settle(struct job *j, struct recipient *r, const struct outcome *o);
/* All that are not settled. */
void job_settle_rest(struct job *j, const struct outcome *o);
/* Tell queue that all is over; every recipient must be settled unless queue is
 * gone. */
void job_free(struct job **j);

#endif
