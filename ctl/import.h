/* SPDX-License-Identifier: ISC */
/*
 * import - what brings mail of other servers here, whatever form it has there
 *
 * A reader of such a form opens a box for each mailbox, puts its messages in, and
 * closes it; nothing of a mailbox is seen before that. The functions print what
 * is wrong and return a code of sysexits.h, 0 when fine.
 */
#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include <sys/stat.h>

#include "ctl/ctl.h"
#include "lib/proc/channel.h"
#include "lib/proc/pop_settings.h"

struct import {
	struct ctl *ctl;
	struct channel *store;
	struct uidl_form own, theirs;	/* theirs.n 0: not known */
	uint64_t next;			/* content of the next message */
};

struct import_box {
	struct import *import;
	struct view mailbox;		/* UTF-8 name here */
	struct str keywords;		/* as list_put: of the letters from a */
	uint32_t uidvalidity, uidnext;	/* 0: messages have no UIDs */
	size_t count, total;		/* messages put, and to come (0: unknown) */
	int dir;
	struct stat owner;		/* of what stands there */
};

struct import_message {
	struct view content;
	int64_t date;			/* when it was received */
	struct str letters;		/* DFRST, and a to z for keywords */
	uint32_t uid;			/* 0: none */
	struct view uidl;		/* empty: what its UID makes of it */
};

/* A link to the store of the user, and the forms of UIDLs. */
int import_begin(struct import *i, struct ctl *ctl, const char *user);

/* b->mailbox is set; it is made if it is not there. The rest may be set until
 * the first message is put. */
int import_open(struct import *i, struct import_box *b);
int import_put(struct import_box *b, const struct import_message *m);
/* After a failure (code) nothing is brought in. Frees what b has. */
int import_close(struct import_box *b, int code);
/* Subscribe to the mailbox; complaints alone. */
void import_subscribe(struct import *i, struct view mailbox);

/* A Maildir or Maildir++ at this path, whose INBOX becomes this mailbox, the
 * others stand below it (INBOX: beside it). */
int import_maildir(struct import *i, const char *path, struct view mailbox);
/* One folder of a Maildir++, at this path, becomes this mailbox. */
int import_folder(struct import *i, const char *path, struct view mailbox);
/* A file of the kind of mbox(5). */
int import_mbox(struct import *i, const char *path, struct view mailbox);

#endif
