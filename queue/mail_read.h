/* SPDX-License-Identifier: ISC */
/*
 * mail_read - the mails that records of the journal tell of
 */
#ifndef QUEUE_MAIL_READ_H
#define QUEUE_MAIL_READ_H

#include "queue/mail.h"

/* Feed it the payloads of the records, of all segments in a row: a mail may
 * begin in one and end in the next. What mail_read_mail() returns is the
 * caller's, NULL when something does not fit; content is a part of payload.
 * former: it is a RECORD_MAIL. */
struct mail_reader {
	uint64_t id;
	uint32_t n;
	struct str rcpts;
	uint32_t segment;	/* the caller's: which is being read */
	uint32_t begun;		/* in which the mail began */
	struct view content;
};
void mail_read_rcpts(struct mail_reader *r, struct view payload);
struct mail *mail_read_mail(struct mail_reader *r, struct view payload,
    struct settles *s, bool former);

#endif
