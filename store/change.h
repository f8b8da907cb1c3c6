/* SPDX-License-Identifier: ISC */
/*
 * change - the three things that happen to messages: come, change, go
 *
 * Each keeps memory, rows and counts alike and posts the event; none waits, so
 * what one call does is in one transaction.
 */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "store/mailbox.h"

/* Take the next UID, for a name. */
uint32_t change_uid(struct mailbox *mb);
/* No name was made with it: it can be the next one again. */
void change_uid_back(struct mailbox *mb, uint32_t uid);
/* Add a message whose name is safe on disk; sets its modseq. UIDs must come in
 * order. */
void change_add(struct mailbox *mb, struct entry *e);

/* Replace (0), add (1) or remove (2) flags. The mailbox is loaded. Records
 * with a modseq above unchangedsince (if not 0) are left alone and written to
 * modified as a UID set. Returns the modseq of the change. */
struct reader;
struct change_flags {
	struct reader *reader;	/* whose \Seen it is; NULL: the owner's */
	uint32_t allowed;	/* flags that may change; the others stay */
	bool keywords_allowed;
	const struct numset *uids;
	uint8_t mode;
	uint32_t flags;
	uint64_t keywords;
	uint64_t unchangedsince;
	struct str *modified;
};
uint64_t change_flags(struct mailbox *mb, const struct change_flags *c);
/* The same for one record by index: becomes exactly this. */
void change_flags_at(struct mailbox *mb, size_t i, uint32_t flags,
    uint64_t keywords);

/* Remove these (ascending, all present, loaded). Their file names are noted as
 * gone; behind_sweep() removes the files when that is safe. */
void change_expunge(struct mailbox *mb, const uint32_t *uids, size_t n);

/* Bits of keyword names in list; new ones are made if make, else left out.
 * False when there would be more than 64. */
bool change_keywords(struct mailbox *mb, struct view list, bool make,
    uint64_t *bits);
/* Those of a list of keywords, as list_put, whose bits are set. */
void change_keyword_list(struct view keywords, uint64_t bits,
    struct str *out);

#endif
