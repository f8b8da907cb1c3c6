/* SPDX-License-Identifier: ISC */
/*
 * held - appended messages whose octets a journal holds
 *
 * A small message that is appended is answered for when its octets are in a
 * journal and its row is in the log: two syncs, which all who append at that time
 * share, and not two for each file. One sync of the file system, about once a
 * second, makes the files and their names safe; then the journal need not hold
 * the octets any longer, and says so (RECORD_SYNCED). What power takes back
 * before is made again at the next start (fresh.h), in the mailbox where it is
 * by then; when the index is another, in the directory where it was.
 *
 * <mail_dir>/.appended-N/ is the journal of instance N: on the file system that
 * it answers for, and no part of the index, which may be thrown away.
 */
#ifndef STORE_HELD_H
#define STORE_HELD_H

#include <sys/types.h>

#include "store/mailbox.h"

/* Read what an earlier life left, and go on; before load_begin(), with the index
 * open. What is to be mended is, beside other work. False with errno. */
bool held_begin(const char *mail_dir, unsigned instance);
/* Is there something that is not mended yet? */
bool held_is_mending(void);
/* From a fiber, at an orderly end: until nothing is held. */
void held_finish(void);

/* May messages of one mailbox, of so many octets together, be held? */
bool held_takes(uint64_t octets);
/* Does the sync cover files of this file system? In any thread. */
bool held_covers(dev_t device);
/* Put one into durable_octets(). */
void held_put(const struct mailbox *mb, const struct entry *e,
    struct view octets);
/* Into the transaction of its row, when that round is over. */
void held_note(const struct mailbox *mb, const struct entry *e);
/* A round with such a batch begins: before its thread does. */
void held_round_begins(void);
/* Write a batch of records to the journal; in the thread of a round. False with
 * errno: nothing of it counts. */
bool held_write(struct str *batch);
/* A round with such a batch is over, and all who waited for it were told; no other
 * one runs yet. ok: they have their rows. */
void held_round_over(bool ok);
/* The journal has failed: others have their files synced for a while. */
void held_rest(void);

/* A record, for who reads it: views into the payload. */
struct held_record {
	uint64_t content, born;	/* born: of the index that knows it */
	int64_t date;
	struct view user, path, name;	/* path of cur/ below mail_dir */
	struct view octets;
};
/* False: it makes no sense. */
bool held_read(struct view payload, struct held_record *r);

#endif
