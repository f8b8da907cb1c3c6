/* SPDX-License-Identifier: ISC */
/*
 * send - what queue asks for: a fiber for each mail that is to be sent
 */
#ifndef SMTP_SEND_H
#define SMTP_SEND_H

#include "lib/proc/channel.h"

/* Handlers of the messages. */
void send_take(struct channel *queue, uint32_t tag, struct msg_send *m);
/* queue is gone and will ask again: what has not passed its final dot stops. */
void send_closed(struct channel *c);
/* Ends the program when nothing is under way; only who waits for the last reply
 * goes on until then. */
void send_stopping(void);

#endif
