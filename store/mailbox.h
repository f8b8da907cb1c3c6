/* SPDX-License-Identifier: ISC */
/*
 * mailbox - the mailboxes in use, in memory
 *
 * A bounded cache: header, directory descriptor and, once somebody looked into
 * it, the records. What is in memory is what the index will say when the
 * present round ends. Who holds a reference keeps a mailbox from being dropped;
 * when the index breaks, every mailbox becomes stale at once, and whoever comes
 * back to one must answer LATER.
 */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include <bsd/sys/queue.h>

#include "lib/base/why.h"
#include "lib/proc/fiber.h"
#include "store/index.h"
#include "lib/mail/place.h"
#include "store/records.h"

struct handle;
struct event;
struct noted;
struct quota;
struct reader;

struct mailbox {
	LIST_ENTRY(mailbox) hashed;
	TAILQ_ENTRY(mailbox) used;	/* least recently first */
	TAILQ_ENTRY(mailbox) changed;	/* header to be written */
	TAILQ_ENTRY(mailbox) lagging;	/* file names to be written */
	TAILQ_ENTRY(mailbox) seen_files;	/* posthouse-seen to be written */
	char *user, *name;
	struct quota *quota;		/* of the user, a reference */
	char *cur_path;			/* below mail_dir */
	struct header h;
	struct records records;
	bool loaded;			/* records are there */
	bool ready;			/* else a fiber is making it so */
	bool stale;			/* not the truth any more */
	bool deleted;			/* the user removed it */
	bool is_changed, is_lagging;
	bool keywords_behind, keywords_again;	/* of the keyword file */
	bool working;			/* its row in INDEX_WORKING exists */
	bool renamed;			/* in cur/, or new there, and not synced */
	uint64_t working_mark;		/* when that row is safe */
	unsigned refs;
	unsigned busy;			/* names made that no row has yet */
	int64_t last_use;		/* clock_ms */
	int cur;			/* descriptor of cur/ */
	uint64_t cur_mark;		/* see durable_dir */
	uint64_t write_mark;		/* see durable_mark: last change */
	uint32_t next_uid;		/* for the next name; >= h.uidnext */
	uint64_t event_seq;		/* number of the last event */
	struct event *adding;		/* an event that takes more records */
	struct noted *noted;		/* what those hear who watch */
	LIST_HEAD(, handle) handles;
	struct handle *exclusive;
	LIST_HEAD(, reader) readers;	/* see seen.h; all, when known */
	bool readers_known;
	int64_t seen_due;		/* clock_ms of writing the file; 0: not */
	int snapshot;			/* memfd of records, -1 */
	uint64_t snapshot_modseq;
	int uidls;			/* memfd of uidls.c, -1 */
	bool uidls_known;		/* that is what the file says */
	uint32_t first_unseen;		/* its number, found at ... */
	uint64_t unseen_modseq;
	size_t lag_from;		/* records before it have their names */
	uint32_t uidnext_file;		/* that the text file tells */
	bool sweeping, sweep_again;	/* see behind.c */
	struct fiber_queue waiting;	/* for ready */
};

void mailbox_begin(unsigned most);
/* In memory, ready or not, or NULL; an empty one put there, not ready. For
 * load.c. */
struct mailbox *mailbox_find(struct view user, struct view name);
struct mailbox *mailbox_new(struct view user, struct view name);
/* Ready and in memory, or NULL. No reference is taken. */
struct mailbox *mailbox_peek(struct view user, struct view name);
void mailbox_ref(struct mailbox *mb);
void mailbox_unref(struct mailbox *mb);

/* A fiber that comes back: is it still the truth? Waits while another works on
 * it as a whole. False with LATER, or NEVER when deleted. */
bool mailbox_usable(struct mailbox *mb, struct why *w);
/* Be the one who works on it as a whole, until mailbox_ready(). */
bool mailbox_seize(struct mailbox *mb, struct why *w);
void mailbox_ready(struct mailbox *mb);

/* Path of the mailbox's directory below mail_dir. */
void mailbox_path(const struct mailbox *mb, struct str *out);
/* The file name of a record. */
void mailbox_file_name(const struct entry *e, struct str *out);
/* Before a name is made: note that this mailbox has names that no row knows.
 * True when the note is safe already; else wait for durable_index first. */
bool mailbox_working(struct mailbox *mb);
/* The header has changed; it is written with the turn's transaction. */
void mailbox_touch(struct mailbox *mb);
void mailbox_write_headers(void);

/* Out of date: read anew by the next who asks. Its sessions are told. */
void mailbox_stale(struct mailbox *mb);
void mailbox_all_stale(void);
/* The user removed or renamed it: not found any more. */
void mailbox_deleted(struct mailbox *mb);
/* Give back the records of what nobody has used since, and the notes of
 * mailbox_working when it has been long. */
void mailbox_tidy(int64_t older_than);
/* An orderly end: no mailbox needs a look at the next start. */
void mailbox_end(void);

#endif
