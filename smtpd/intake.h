/* SPDX-License-Identifier: ISC */
/*
 * intake - a mail that the queue is about to take
 *
 * mail_open leaves at MAIL and is not waited for: its answer is there when DATA
 * needs it. An opened mail into which nothing was written is kept for the next
 * transaction of the session. Recipients are sent with the commit, so that a
 * queue that died in between is replaced without the client's noticing, as long
 * as no content was written.
 *
 * A begun intake must end with a commit or a drop before its memory goes.
 */
#ifndef SMTPD_INTAKE_H
#define SMTPD_INTAKE_H

#include <bsd/sys/queue.h>

#include "lib/base/why.h"
#include "lib/proc/channel.h"
#include "lib/proc/fiber.h"

enum intake_state {
	INTAKE_NONE,		/* nothing asked for */
	INTAKE_ASKED,		/* mail_open is under way */
	INTAKE_OPEN,		/* has an id, and a descriptor if it needs one */
	INTAKE_REFUSED,		/* why tells */
	INTAKE_COMMITTING,	/* mail_commit is under way */
	INTAKE_QUEUED		/* the mail is safe */
};

struct intake {
	enum intake_state state;
	uint64_t mail;
	int fd;			/* to write the content; -1: it is to come along */
	uint32_t process;	/* of the queue that has it */
	uint32_t tag;		/* of the request under way */
	int64_t since;		/* clock_ms() of the request */
	bool used;		/* content was written */
	struct why *why;	/* of a refusal; ours */
	struct fiber_queue waiter;
	TAILQ_ENTRY(intake) entry;
};

struct dialog;

/* Ask for a mail, unless there is an unused one. Does not wait, but when the
 * queue refused lately: then the refusal shows at once. */
void intake_begin(struct intake *in, uint64_t size);
/* Wait until it is open: true, in->fd and in->mail count. */
bool intake_ready(struct intake *in, struct why *w);
/* It is open and has no descriptor, but needs one: the content is larger than
 * SPOOL_KEPT. */
bool intake_file(struct intake *in, struct why *w);
/* Send the recipients of the dialog's transaction and the commit; true when the
 * mail is safe. Ends the intake either way. The wait cannot be cancelled: to
 * give up now would make the client send the mail a second time. */
bool intake_commit(struct intake *in, const struct dialog *d,
    const struct msg_mail_commit *mail, struct why *w);
/* End it. */
void intake_drop(struct intake *in);

/* For the handler table. */
void intake_opened(struct channel *c, uint32_t tag, struct msg_mail_opened *m);
void intake_queued(struct channel *c, uint32_t tag, struct msg_mail_queued *m);
void intake_answered(struct channel *c, uint32_t tag, struct msg_answer *m);
void intake_closed(struct channel *c);

#endif
