/* SPDX-License-Identifier: ISC */
/*
 * report - from a request of queue to a mail in the queue
 */
#ifndef BOUNCE_REPORT_H
#define BOUNCE_REPORT_H

#include "lib/proc/channel.h"

/* Handler: write a report in a fiber of its own, then answer. */
void report_request(struct channel *queue, uint32_t tag,
    struct msg_report *r);
/* Ends the program when no report is being written. */
void report_stopping(void);

#endif
