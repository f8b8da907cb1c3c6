/* SPDX-License-Identifier: ISC */
/*
 * results - TLS with other servers, counted
 *
 * Equal results are counted for a minute and then stand in the book as one
 * event, so that a busy destination costs a line a minute.
 */
#ifndef HISTORY_RESULTS_H
#define HISTORY_RESULTS_H

#include "history/book.h"
#include "lib/proc/channel.h"

void results_begin(struct book *book);
void results_take(struct channel *c, uint32_t tag, struct msg_tls_result *m);
/* What is counted goes into the book. */
void results_flush(void);

#endif
