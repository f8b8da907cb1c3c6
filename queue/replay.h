/* SPDX-License-Identifier: ISC */
/*
 * replay - from the files of the spool to the mails in memory, at a start
 */
#ifndef QUEUE_REPLAY_H
#define QUEUE_REPLAY_H

#include "lib/mail/journal.h"
#include "queue/extent.h"
#include "queue/mail_read.h"
#include "queue/table.h"

struct replay {
	uint32_t oldest, newest;	/* segments; 0 when there was none */
	uint32_t *damaged;		/* segments with bytes that are none */
	size_t damages;
	uint64_t *finished;		/* settled, but their content is there */
	size_t finishes;
	uint64_t *restored;		/* their content is soft */
	size_t restores;
	struct table contents;		/* of the journal */
	struct mail_reader mail;	/* across segments */
	struct place synced;		/* those before it are in their files */
	struct place end;		/* of the last segment that was read */
	struct place begun;		/* where it says that one ended */
	struct extent extent;		/* what there has to be */
	size_t gaps;			/* segments that are not there */
	size_t cut;			/* those that went further once */
	bool blank;			/* there is no journal at all */
	size_t removed, lost, missing;	/* content files; mails */
};

/* Read all segments in dir into the ledger. False with errno set when one
 * cannot be read: then nothing may be written. The caller frees the arrays. */
bool replay_journal(int dir, struct replay *r);
/* One segment; also what is fuzzed. */
void replay_segment(struct view bytes, uint32_t number, struct replay *r);
/* Write the files of mails again whose content only the journal is sure to
 * have. False with errno set. */
bool replay_restore(int dir, struct replay *r);
/* Compare the content files with the mails: remove leftovers of the dead, put
 * aside what a damaged journal may have owned, forget mails without content. */
void replay_content(struct replay *r);
void replay_free(struct replay *r);

#endif
