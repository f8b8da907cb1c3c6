/* SPDX-License-Identifier: ISC */
/*
 * intake - take one mail from a receiver into the queue
 *
 * A receiver (smtpd, bounce) opens a mail, writes the content through a
 * descriptor, or brings it along if it is small, and commits it with its
 * recipients. Until the commit is answered
 * the mail does not exist; after it, it survives a crash.
 */
#ifndef QUEUE_INTAKE_H
#define QUEUE_INTAKE_H

#include <bsd/sys/queue.h>

#include "lib/proc/channel.h"
#include "queue/mail.h"

struct intake {
	uint64_t id;			/* first: struct table wants it */
	LIST_ENTRY(intake) entry;	/* of its channel */
	STAILQ_ENTRY(intake) member;	/* of its group */
	struct channel *owner;		/* NULL: it is gone */
	uint32_t tag;			/* of the commit */
	int fd;				/* content; -1: none yet, or kept.h has it */
	uint8_t state;			/* MAIL_ */
	bool refused;			/* a recipient was impossible */
	bool by_bounce;
	uint64_t of;			/* mail to a list: split.h; 0: none */
	uint32_t of_rcpt;
	bool large;			/* content has to be synced itself */
	bool synced;			/* written by a thread of the pool */
	uint64_t size;
	uint32_t nrcpt, mailboxes;	/* recipients, and those with one */
	struct str rcpts;		/* as mail_write_rcpt() has them */
	struct str alias;		/* of the last one, success wanted */
	size_t alias_at;		/* where that one stands in rcpts */
	uint8_t alias_notify;		/* what was asked for that one */
	bool expanded;			/* others of the same alias followed */
	struct str records;		/* for the journal, once committed */
	struct settles *settles;	/* of a report or a list, or NULL */
	struct mail *mail;		/* once committed */
};
STAILQ_HEAD(intakes, intake);

/* Handlers of the messages. */
void intake_open(struct channel *c, uint32_t tag, struct msg_mail_open *m);
void intake_file(struct channel *c, uint32_t tag, struct msg_mail_file *m);
void intake_rcpt(struct channel *c, uint32_t tag, struct msg_mail_rcpt *m);
void intake_commit(struct channel *c, uint32_t tag,
    struct msg_mail_commit *m);
void intake_abort(struct channel *c, uint32_t tag, struct msg_mail_abort *m);
/* The receiver is gone: its open mails, too. */
void intake_closed(struct channel *c);

/* How a commit ended; both answer and free it. */
void intake_queued(struct intake **i, uint32_t segment);
void intake_refuse(struct intake **i, const struct why *w);

#endif
