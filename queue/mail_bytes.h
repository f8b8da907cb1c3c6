/* SPDX-License-Identifier: ISC */
/*
 * mail_bytes - what mail.c, mail_write.c and mail_read.c share
 */
#ifndef QUEUE_MAIL_BYTES_H
#define QUEUE_MAIL_BYTES_H

#include "lib/base/bytes.h"
#include "queue/mail.h"

/* The texts of the mail and of a recipient, as they stand in record and memory. */
void mail_bytes_put_head(struct str *out, const struct mail_head *h);
struct rcpt_texts mail_bytes_texts(struct bytes *b);
/* Put a mail together; what the recipients hold is its own from now on. */
struct mail *mail_bytes_assemble(uint64_t id, const struct mail_head *h,
    const struct rcpt *rcpt, uint32_t n, const struct str *texts);
void mail_bytes_drop(struct rcpt *r);

#endif
