/* SPDX-License-Identifier: ISC */
/*
 * mbox - the messages of an mbox file (RFC 4155, and what is found)
 *
 * A message begins with a line "From SENDER DATE" at the beginning of the file or
 * behind an empty line, whose date can be read; so text that happens to begin
 * with "From " is no beginning. Lines of the content that begin with ">From ",
 * ">>From " ... lose one '>'. Fields in which mail programs keep their state of a
 * message are taken out of its header and read. Time is linear.
 */
#ifndef MAIL_MBOX_H
#define MAIL_MBOX_H

#include "lib/base/str.h"

struct mbox_message {
	struct view raw;	/* behind the From line, up to the empty line */
	int64_t date;		/* seconds, of the From line, read as UTC if it
				 * names no zone */
};

/* Take one message from the front of *rest. False at the end, or when it does not
 * begin with a From line: then *rest is not empty. */
bool mbox_next(struct view *rest, struct mbox_message *m);

struct mbox_state {
	char letters[8];	/* DFRST, as of a Maildir */
	uint32_t uid;		/* 0: none, as for the next two */
	uint32_t uidvalidity;	/* stands in the first message, if at all */
	uint32_t uidlast;
	struct view keywords;	/* of this message; words in raw */
	bool internal;		/* no mail, but the notes of a program */
};

/* Append the message as it was sent, and tell what its fields of state say. */
void mbox_read(struct view raw, struct str *out, struct mbox_state *s);
/* The way back: append a message, whose lines end with LF, behind a From line and
 * the fields of its state: without such fields of its own, quoted, with an empty
 * line at the end. */
void mbox_write(struct view message, struct str *out);

#endif
