/* SPDX-License-Identifier: ISC */
/*
 * act - list and change what the administrator means
 */
#ifndef QUEUE_ACT_H
#define QUEUE_ACT_H

#include "lib/proc/channel.h"

/* Handler of the message. */
void act_begin(struct channel *c, uint32_t tag, struct msg_queue_act *m);
/* The one who asked is gone. */
void act_closed(struct channel *c);

#endif
