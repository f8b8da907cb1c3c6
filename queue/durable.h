/* SPDX-License-Identifier: ISC */
/*
 * durable - group commit: make a batch of changes survive, then say so
 *
 * Everything that arrives while one group is being synced forms the next. A
 * group is: large content files, in parallel, and their directories; then one
 * append to the journal for all envelopes, notes and small contents; then all
 * answers. The files of small contents are synced behind (queue/soft.h). Only
 * durable.c knows in which order this happens and what is synced how.
 */
#ifndef QUEUE_DURABLE_H
#define QUEUE_DURABLE_H

#include "lib/proc/fiber.h"
#include "queue/intake.h"
#include "lib/mail/journal.h"

/* journal: the open directory; end: of the last segment, behind which the next
 * begins; damaged: segments to keep in spool/lost when they are dead. */
void durable_start(int journal, struct place end, const uint32_t *damaged,
    size_t n);

/* Join the next group; it ends with intake_queued() or intake_refuse(). */
void durable_commit(struct intake *i);
/* Where to write notes (queue/note.h) for the next group; it is made durable
 * soon even if no mail comes. */
struct str *durable_notes(void);
/* The mail has no more to do. When that is durable its content goes, store may
 * forget it, and it is freed. */
void durable_finish(struct mail *m);

/* A soft mail has become hard; if it has no more to do, go on. */
void durable_hardened(struct mail *m);
/* Behind the last record that is durable. */
struct place durable_place(void);

/* All notes of before are on disk, or the fiber was cancelled. */
enum wait durable_wait(int64_t deadline);
/* Has the last group failed? Then nothing new should be begun. */
bool durable_is_failing(void);
/* Nothing is under way or waiting to be. */
bool durable_is_idle(void);

#endif
