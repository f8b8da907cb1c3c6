/* SPDX-License-Identifier: ISC */
/*
 * deliver - mail from the spool into a mailbox, exactly once
 *
 * A delivery is a hard link and a record. (mail, recipient) is remembered in
 * the same transaction, until queue says that the mail is settled; queue tells
 * when it may be a repetition (again), and only then is it looked up.
 */
#ifndef STORE_DELIVER_H
#define STORE_DELIVER_H

#include "lib/proc/channel.h"

/* Before confinement: where the spool's content is. */
bool deliver_begin(const char *spool_dir);
void deliver(struct channel *c, uint32_t tag, struct msg_deliver *m);
void settled(struct channel *c, uint32_t tag, struct msg_settled *m);
/* Forget deliveries of mails older than that, settled or not. */
void deliver_forget(int64_t seconds);

#endif
