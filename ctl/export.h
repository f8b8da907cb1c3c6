/* SPDX-License-Identifier: ISC */
/*
 * export - what writes the mail of a user for other programs
 *
 * A writer of a form gets mailbox after mailbox, and of each the messages with
 * UIDs ascending. Its functions print what is wrong and return false.
 */
#ifndef CTL_EXPORT_H
#define CTL_EXPORT_H

#include <stdio.h>

#include "lib/base/str.h"
#include "lib/mail/record.h"

struct export_box {
	int dir;			/* where all of it goes */
	struct view mailbox;
	const char *name;		/* as a file name: "INBOX", "Work.2026" */
	uint32_t uidvalidity, uidnext;
	struct view keywords;		/* as list_put: of bits from 0 */
	size_t count;			/* messages written so far */
	/* the writer's own */
	int box;
	FILE *list;
};

struct export_message {
	struct record r;
	struct view uidl;	/* that is kept of another server; or empty */
	struct view content;	/* as on the wire */
};

struct export_form {
	bool (*begin)(struct export_box *b);
	bool (*put)(struct export_box *b, const struct export_message *m);
	/* fine: everything was put. */
	bool (*end)(struct export_box *b, bool fine);
	/* Names to which the user is subscribed, as list_put. */
	bool (*subscribed)(int dir, struct view names);
};

/* A Maildir++ with the little files of Dovecot. */
extern const struct export_form export_maildir;
/* A file of the kind of mbox(5) for each mailbox. */
extern const struct export_form export_mbox;

#endif
