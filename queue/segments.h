/* SPDX-License-Identifier: ISC */
/*
 * segments - keep the journal small
 *
 * Segments are removed oldest first, each when no mail needs it any more. When
 * the journal is much larger than what lives in it, the mails of the oldest
 * segment are written again, some with each batch. A spare segment is made
 * ahead, in a thread, when the present one is half full.
 */
#ifndef QUEUE_SEGMENTS_H
#define QUEUE_SEGMENTS_H

#include "lib/mail/journal.h"

void segments_start(int journal, uint32_t first, const uint32_t *damaged,
    size_t n);
/* So many were not there at the start. */
void segments_missing(size_t n);
/* How many were not there, or not whole, at the start. */
uint32_t segments_hurt(void);
/* Append envelopes of the oldest segment to a batch if it is time to. */
void segments_migrate(struct str *batch);
/* That batch is durable and begins in this segment; or it is not. */
void segments_written(uint32_t segment);
void segments_unwritten(void);
/* Between two batches: begin to make a spare or to remove a dead segment. */
void segments_care(const struct journal *j);
/* A spare is being made. */
bool segments_is_busy(void);
/* Hand over a spare that is ready. */
void segments_give_spare(struct journal *j);

/* In durable.c: the spare that a batch waits for is there. */
void durable_unblock(void);

#endif
