/* SPDX-License-Identifier: ISC */
/*
 * control - what the administrator and the delivering programs ask for
 */
#ifndef QUEUE_CONTROL_H
#define QUEUE_CONTROL_H

#include "lib/proc/channel.h"

/* Handlers of the messages. */
void control_list(struct channel *c, uint32_t tag, struct msg_queue_list *m);
void control_flush(struct channel *c, uint32_t tag, struct msg_queue_flush *m);
void control_domain(struct channel *c, uint32_t tag,
    struct msg_queue_domain *m);
void control_delete(struct channel *c, uint32_t tag,
    struct msg_queue_delete *m);
void control_content(struct channel *c, uint32_t tag,
    struct msg_content_get *m);
/* The one who asked is gone. */
void control_closed(struct channel *c);

#endif
