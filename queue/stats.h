/* SPDX-License-Identifier: ISC */
/*
 * stats - what waits for each next host, for the administrator
 */
#ifndef QUEUE_STATS_H
#define QUEUE_STATS_H

#include "lib/proc/channel.h"

/* Handler of the message. */
void stats_begin(struct channel *c, uint32_t tag, struct msg_queue_stats *m);
/* The one who asked is gone. */
void stats_closed(struct channel *c);

#endif
