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

#endif
