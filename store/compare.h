/* SPDX-License-Identifier: ISC */
/*
 * compare - a mailbox's rows and its directory, and what follows where they differ
 *
 *			FILES			CRASH			REBUILD
 *	file, no row	a message		never answered: goes;	a message
 *						older: a message
 *	noted as gone	(no notes)		goes			goes
 *	row, no file	(no rows)		row goes		row goes
 *	other letters	count			count for nothing	count
 *
 * FILES: the index was lost. CRASH: names were being made when we ended.
 * REBUILD: somebody asked for it, other programs may have worked here.
 * "Never answered": its UID is one that no row ever had.
 */
#ifndef STORE_COMPARE_H
#define STORE_COMPARE_H

#include "store/mailbox.h"

enum compare { COMPARE_FILES, COMPARE_CRASH, COMPARE_REBUILD };

/* From a fiber that alone works on the mailbox. False with LATER. */
bool compare(struct mailbox *mb, enum compare mode, struct why *w);

/* How far they differ; nothing is changed. */
struct differences {
	size_t messages;	/* that are right */
	size_t no_file, no_row;
	size_t damaged;		/* not of the size that the name tells */
	size_t letters;		/* flags that another program has set */
};
/* As compare; adds to found. */
bool compare_look(struct mailbox *mb, struct differences *found,
    struct why *w);

#endif
