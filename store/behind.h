/* SPDX-License-Identifier: ISC */
/*
 * behind - what is done after the answer, when there is time
 *
 * Flag letters in file names; the keyword file; the files of expunged messages
 * and removed mailboxes. None of it is needed to be right after a crash: the
 * index says what is true, and what is left undone is found again there.
 */
#ifndef STORE_BEHIND_H
#define STORE_BEHIND_H

#include "store/mailbox.h"

/* Some file names of the mailbox don't tell their flags. */
void behind_letters(struct mailbox *mb);
/* The keyword file is out of date. */
void behind_keywords(struct mailbox *mb);
/* Remove the files noted in INDEX_GONE, after the present round. */
void behind_sweep(struct mailbox *mb);
/* Start the timer that does it. */
void behind_begin(void);
/* A checkpoint runs in a thread: the index must not be closed now. */
bool behind_checkpoint_runs(void);
/* Write all letters and remove what was expunged, within ms; for an orderly stop,
 * from a fiber. */
void behind_finish(int64_t ms);

#endif
