/* SPDX-License-Identifier: ISC */
/*
 * ledger - all mails of the queue, and what the journal must keep for them
 *
 * The mails stand in a table by id. For each segment of the journal the ledger
 * counts the mails whose envelope is in it or later segments only because they
 * came then; a segment may go when it is the oldest and its count is zero.
 */
#ifndef QUEUE_LEDGER_H
#define QUEUE_LEDGER_H

#include "queue/mail.h"

struct mail *ledger_find(uint64_t id);
/* m->segment must be set, and not be older than ledger_oldest(). */
void ledger_add(struct mail *m);
/* Out of the table and freed; *m becomes NULL. */
void ledger_remove(struct mail **m);
/* Its envelope has been written again. */
void ledger_moved(struct mail *m, uint32_t segment);
/* Walk over all, see table_next(). */
struct mail *ledger_next(size_t *at);
size_t ledger_count(void);
uint64_t ledger_octets(void);	/* of content */
uint64_t ledger_bytes(void);	/* of envelopes in memory */

/* The oldest segment that exists, and how many mails keep it. */
void ledger_segments(uint32_t oldest);
uint32_t ledger_oldest(void);
uint32_t ledger_oldest_count(void);
/* The oldest, with a count of zero, is gone. */
void ledger_oldest_gone(void);
void ledger_clear(void);	/* for tests */

/* Is every recipient settled? Then it can be finished. */
static inline bool
ledger_is_settled(const struct mail *m)
{
	return m->unsettled == 0;
}
/* Change the state of a recipient and keep the counts of its mail. */
void ledger_move(struct mail *m, uint32_t rcpt, enum state to);

#endif
