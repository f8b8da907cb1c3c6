/* SPDX-License-Identifier: ISC */
/*
 * settle - the end of a mail
 */
#ifndef QUEUE_SETTLE_H
#define QUEUE_SETTLE_H

#include "lib/proc/channel.h"
#include "queue/mail.h"

/* The journal says durably that these mails are finished: tell store, remove
 * the content, free them. */
void settle(struct mail **mails, size_t n);
/* The same for mails that a start found finished. */
void settle_ids(const uint64_t *ids, size_t n);
/* A store is there (again): tell it what it has not heard. */
void settle_linked(struct channel *c);

#endif
