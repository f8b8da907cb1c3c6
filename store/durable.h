/* SPDX-License-Identifier: ISC */
/*
 * durable - make this batch durable: the round
 *
 * Whatever a turn of the loop did is made durable together, in a round: the
 * directories that got new names are synced, each by a thread, and beside them
 * one log flush covers the index writes of the turn before. So a new name is
 * on disk before an index entry relies on it, and the entry before an answer:
 *
 *	link name ... round n: directory ... put entry ... round n+1: log ... answer
 *
 * and a busy store has both halves in one journal commit of the file system.
 * Octets of small appended messages go into a journal instead (store/held.h),
 * which is one more sync of the round, and their directories are not synced.
 * While a round is under way, the next one gathers. A sync that fails makes
 * everything in its round fail, and none of its descriptors is used again.
 *
 * Nobody else here syncs new names of messages or flushes the log. The names of
 * deliveries do not come here: queue syncs them (store/fresh.h).
 */
#ifndef STORE_DURABLE_H
#define STORE_DURABLE_H

#include "lib/base/str.h"

/* The names in this directory have to last. fd stays open until the callback;
 * mark is the caller's memory of having said so in this round. */
void durable_dir(int fd, uint64_t *mark);
/* Records for the journal, with the next durable_names(). Only until then. */
struct str *durable_octets(void);
/* Call fn(arg, ok) when the directories told so far are synced. */
void durable_names(void (*fn)(void *arg, bool ok), void *arg);
/* Call fn(arg, ok) when the index writes so far are on disk. In order. */
void durable_index(void (*fn)(void *arg, bool ok), void *arg);
/* The same for a fiber: wait. */
bool durable_names_wait(void);
bool durable_index_wait(void);

/* What is written to the index now is safe when this mark is reached. */
uint64_t durable_mark(void);
bool durable_reached(uint64_t mark);
bool durable_idle(void);
/* Commit without waiting for the disk: work that nobody was promised. */
void durable_commit(void);

/* before runs ahead of every commit, broken after a round that found the index
 * broken and has told everybody so. */
void durable_begin(void (*before)(void), void (*broken)(void));

#endif
