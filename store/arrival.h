/* SPDX-License-Identifier: ISC */
/*
 * arrival - the way of new messages into a mailbox: delivered, appended, copied
 *
 *	names made in cur/  ->  directory synced  ->  rows  ->  log flushed  ->  done
 *
 * Of a delivery queue looks after the name, too, until it is synced (fresh.h):
 * it leaves the second step out, unless others are in it before. Of a small
 * append the second step is a journal's sync instead (held.h).
 *
 * The UIDs are in the names, and rows are written in the order of UIDs, as
 * every arrival goes the same way through the same rounds. All messages of an
 * arrival come or none: what fails before its rows were written is unlinked,
 * and after a crash load.c removes names that no row knows.
 */
#ifndef STORE_ARRIVAL_H
#define STORE_ARRIVAL_H

#include "store/mailbox.h"

struct arrival {
	struct mailbox *mb;	/* ready; a reference is held until done */
	struct entry *entries;	/* UIDs set, names linked */
	size_t n;
	/* Somebody else than the owner brings them: what he has seen. */
	struct reader *reader;	/* NULL: the owner, or nobody */
	const bool *seen;	/* of each */
	/* In the transaction of the rows, before they are written; false: it
	 * can't be done any more. May be NULL. */
	bool (*rows)(struct arrival *a);
	/* The names need not be safe when it is done: see fresh.h. */
	bool fresh;
	/* The octets are among durable_octets(): nor need they. See held.h. */
	bool held;
	/* ok: safe on disk. Else nothing of it remains. */
	void (*done)(struct arrival *a, bool ok);
	void *arg;		/* of done */
	void *rows_arg;		/* of rows, for who uses arrival_run() */
};

/* Ready for names in its directory: from a fiber, may wait for a round. */
bool arrival_prepare(struct mailbox *mb, struct why *w);
/* The names are made: takes a reference and goes on by itself. Must follow
 * change_uid() without a wait between. */
void arrival_start(struct arrival *a);
/* Remove names made so far; for one that is not started. */
void arrival_undo(struct arrival *a, size_t made);
/* From a fiber: start and wait; false with LATER in w. */
bool arrival_run(struct arrival *a, struct why *w);

#endif
