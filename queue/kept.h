/* SPDX-License-Identifier: ISC */
/*
 * kept - contents that have no file
 *
 * What a small mail says is in the journal before it is acknowledged. So it needs
 * no file yet, and most mail never needs one: within the second until the next
 * sync of the file system (soft.h) it is in its mailbox, or with another server.
 * Until then it is kept here, in the memory of this program. What is still
 * waiting when that sync begins is given a file first, and so is what somebody
 * wants a file of. After a crash the start writes them all from the journal, as
 * it does with files that were torn.
 */
#ifndef QUEUE_KEPT_H
#define QUEUE_KEPT_H

#include "lib/base/view.h"

/* Keep a copy. False: too much is kept already, or it is too large; a file is
 * needed. */
bool kept_put(uint64_t id, struct view octets);
/* Empty: it has a file. Good until the next call. */
struct view kept_octets(uint64_t id);
/* Open for reading, wherever it is; -1 with errno set. */
int kept_open(uint64_t id);
/* From now on it has a file; false with errno set. */
bool kept_write(uint64_t id);
/* Nobody will ask for the octets any more. */
void kept_done(uint64_t id);
/* The mail is gone. True: there is no file to be removed. */
bool kept_drop(uint64_t id);

/* For one sync: collect those that are to have a file, write them all, in a
 * thread, and take notice of it. What could not be written is kept. */
void kept_collect(uint64_t id);
void kept_write_collected(void);
void kept_written(void);
/* They could not be written: whatever comes now needs a file at once. */
bool kept_is_failing(void);

#endif
