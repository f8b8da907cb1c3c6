/* SPDX-License-Identifier: ISC */
/*
 * control - ETRN, and contents for those who deliver
 */
#ifndef QUEUE_CONTROL_H
#define QUEUE_CONTROL_H

#include "lib/proc/channel.h"

/* Handlers of the messages. */
void control_domain(struct channel *c, uint32_t tag,
    struct msg_queue_domain *m);
void control_content(struct channel *c, uint32_t tag,
    struct msg_content_get *m);
/* The one who asked is gone. */
void control_closed(struct channel *c);

#endif
