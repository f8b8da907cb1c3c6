/* SPDX-License-Identifier: ISC */
/*
 * seen - \Seen of those who read a mailbox of somebody else
 *
 * The flag \Seen of a message is its owner's. Everybody else has his own, so
 * that nobody's reading hides a message from another. It is kept as a set of
 * UIDs for each reader: in INDEX_SEEN, a bitmap for 4096 UIDs a row, written in
 * the turn's transaction; and behind that in the mailbox's directory, in the
 * file posthouse-seen, from which a lost index is made again. A note in the
 * index tells that the file is not up to date.
 *
 * No function here waits unless it says so.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include "store/mailbox.h"

/* What the reader has in this mailbox; made if there is nothing yet. Lives as
 * long as the mailbox. NULL: the index is in trouble. */
struct reader *seen_reader(struct mailbox *mb, struct view user);
bool seen_has(const struct reader *r, uint32_t uid);
/* Of a message that is there, or comes in this turn. seen_write() follows. */
void seen_set(struct reader *r, uint32_t uid, bool on);
/* Put what was set into rows. */
void seen_write(struct mailbox *mb, struct reader *r);
/* Messages that he has not seen. */
uint32_t seen_unseen(const struct mailbox *mb, const struct reader *r);
/* Packed records as he sees them: his \Seen in the place of the owner's, and
 * no \Recent. */
void seen_overlay(const struct reader *r, void *packed, size_t octets);
void seen_overlay_one(const struct reader *r, struct record *rec);
/* These messages go. */
void seen_gone(struct mailbox *mb, const uint32_t *uids, size_t n);

/* The mailbox comes into memory: is its file behind? And leaves it. */
void seen_begin(struct mailbox *mb);
void seen_end(struct mailbox *mb);
/* From a fiber: the index was lost, take what the file tells. */
void seen_restore(struct mailbox *mb);
/* Files that are due are written; from a fiber, all of them at once, before an
 * orderly end, in at most so many milliseconds. */
void seen_tick(void);
void seen_finish(int64_t ms);

#endif
