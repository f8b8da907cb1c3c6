/* SPDX-License-Identifier: ISC */
/*
 * fresh - delivered and appended messages that may not be on disk yet
 *
 * queue answers for the content of small mails with its journal, and syncs the
 * files and their names in mailboxes some moments later (doc/QUEUE.md). A
 * delivered message is a hard link to such a file: its row is durable when store
 * says so, its name and its octets only when queue has forgotten the mail. So a
 * copy must not outlive its source's octets: they are synced first. A row of
 * an earlier life whose file has gone stays. And when queue asks to deliver again, after power
 * was lost, the file is compared with the spool's, which queue has made whole
 * from its journal, and linked again if it is not there. Of what was appended
 * store has a journal of its own (held.h); the rest is the same.
 */
#ifndef STORE_FRESH_H
#define STORE_FRESH_H

#include "lib/mail/numset.h"
#include "store/mailbox.h"

/* Sync the content of those in the set that may need it. From a fiber; may
 * wait, so the records may have changed after it. */
bool fresh_sync(struct mailbox *mb, const struct numset *uids, struct why *w);

/* Did it come in a life of store that has ended, and is not settled? Then its file
 * may be missing and come back. */
bool fresh_is_awaited(const struct entry *e);

/* Power was lost after it came, and it has not been mended yet: nobody should
 * see it as it is. fd: the message. */
bool fresh_is_broken(const struct entry *e, int fd);

/* Where a message came from, and went to. */
struct spool_source {
	uint8_t kind;		/* PLACE_DELIVERED, PLACE_APPENDED: rcpt 0 */
	int dir;
	const char *name;	/* below dir */
	uint64_t mail;
	uint32_t rcpt, uid;
	uint32_t mailbox;	/* its number, 0: not known */
};
/* Into the transaction of its row: where this message is. */
void fresh_note(const struct mailbox *mb, const struct entry *e);
/* It is settled: on disk. */
void fresh_forget(uint8_t kind, uint64_t content, uint32_t number);
/* Where is (mail, rcpt)? False: not delivered, or settled. */
bool fresh_find(struct spool_source *s);
/* See that the delivered message is there and has the octets of its spool file,
 * put them there if not. mb: where it would go to now; its mailbox may have been
 * renamed. True, too, when the user has removed it since. From a fiber. */
bool fresh_mend(struct mailbox *mb, const struct spool_source *s,
    struct why *w);
/* The same where only user and s->mailbox are known. */
bool fresh_mend_of(struct view user, const struct spool_source *s,
    struct why *w);
/* The same when the index does not know it, as it was made anew: in this cur/,
 * under the name that it has there, or this one. Blocks; false with errno. */
bool fresh_put_back(const struct spool_source *s, const char *path,
    const char *name);

#endif
