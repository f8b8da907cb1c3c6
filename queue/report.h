/* SPDX-License-Identifier: ISC */
/*
 * report - tell a sender what became of its mail, by way of bounce
 *
 * A mail has one report under way at a time, about at most 1000 recipients. The
 * report itself enters as a new mail; its commit names this one and settles
 * those recipients in the same record of the journal, so that nobody is told
 * twice or never.
 */
#ifndef QUEUE_REPORT_H
#define QUEUE_REPORT_H

#include "lib/proc/channel.h"
#include "queue/mail.h"

/* Something about m may have to be reported: get in line. */
void report_consider(struct mail *m);
/* The same within a minute, while others of the mail are under way: they may
 * have something for the same report, but may also hang. */
void report_in_time(struct mail *m);
/* bounce commits the report about this mail: what it settles, to be freed, or
 * NULL if none is under way. */
struct settles *report_settles(uint64_t mail);
/* That commit is durable; or it failed. */
void report_safe(const struct settles *s);
void report_unsafe(const struct settles *s);
/* Handler: how bounce ended. */
void report_answer(struct channel *c, uint32_t tag, struct msg_answer *a);
void report_closed(struct channel *c);
void report_kick(void);
bool report_is_idle(void);

#endif
