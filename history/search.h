/* SPDX-License-Identifier: ISC */
/*
 * search - what posthouse asks for, found in the books
 */
#ifndef HISTORY_SEARCH_H
#define HISTORY_SEARCH_H

#include "history/book.h"
#include "lib/proc/channel.h"

/* The books that are searched. refused has nothing but refusals. */
void search_begin(struct book *mails, struct book *refused);
/* Events that never came here: lost by their senders, or not written. */
void search_lost(uint64_t events);

/* For the handler table. */
void search_trace(struct channel *c, uint32_t tag, struct msg_trace *m);
void search_tls(struct channel *c, uint32_t tag, struct msg_tls_report *m);
void search_closed(struct channel *c);

#endif
