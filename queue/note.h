/* SPDX-License-Identifier: ISC */
/*
 * note - what happened to a mail after its commit, as records of the journal
 *
 * Writers append a record to a batch. note_apply() does at a start what the
 * record says; applying one twice, or to a mail that is not there any more, does
 * no harm.
 */
#ifndef QUEUE_NOTE_H
#define QUEUE_NOTE_H

#include "lib/mail/journal.h"
#include "queue/mail.h"

/* The recipient as it is now: state, tries, next try, reason. */
void note_verdict(struct str *batch, const struct mail *m, uint32_t rcpt);
/* Nothing is left to be done for these; kind: for whom a report of this
 * kind is given up or safe. */
void note_settled(struct str *batch, const struct settles *s);
void note_deleted(struct str *batch, uint64_t id);

/* A report is safe, or given up: REPORT_DELAYED and REPORT_LATE mark the mail,
 * the others settle recipients. */
void note_settle(struct mail *m, const struct settles *s);

/* VERDICT, SETTLED and DELETED at a start. */
void note_apply(enum record_type type, struct view payload);

#endif
