/* SPDX-License-Identifier: ISC */
/*
 * place - where things are: names of users, mailboxes and messages on disk
 *
 * User local@domain: <mail_dir>/<domain>/<local>, what is not plain in them
 * percent-encoded. There INBOX is a Maildir, and the mailbox "a/b" is ".a.b"
 * (Maildir++), in modified UTF-7, with "&AC4-" for a dot inside a component.
 *
 * A message is "<content>.<kind><number>.<host>,S=<octets>,U=<uid>:2,<letters>"
 * in cur/: content is 16 hex digits (the mail id, or microseconds since 1970);
 * kind R was delivered to that recipient number, A appended, C copied. Letters
 * are DFRST and a to z for the first 26 keywords. What came from elsewhere under
 * another name gets such a one when it is taken in, of kind A; there "P=" may
 * tell the UIDL that it had, percent-encoded, as whoever brings it here writes.
 */
#ifndef MAIL_PLACE_H
#define MAIL_PLACE_H

#include "lib/base/str.h"
#include "lib/mail/record.h"

#define PLACE_KEYWORDS	LETTER_KEYWORDS	/* that have a letter */

/* "<domain>/<local>"; false when the name has no '@', an empty part, control
 * characters, or a part that would be too long for a file. */
bool place_user(struct view user, struct str *out);
/* The way back; false for what place_user() would not have written. */
bool place_user_of(struct view domain, struct view local, struct str *out);

/* "" for INBOX (any case), else ".a.b". False: the name is not valid: empty
 * components, control characters, invalid UTF-8, too long. */
bool place_folder(struct view mailbox, struct str *out);
/* The way back; false for a directory that is no mailbox of ours. */
bool place_mailbox(struct view folder, struct str *out);
/* The one spelling: "INBOX" for any case of it or for "". */
struct view place_canonical(struct view mailbox);

/* In mail_dir while all of it is restored: nothing else may touch it then. */
#define PLACE_RESTORING ".restoring"

enum place_kind { PLACE_FOREIGN, PLACE_DELIVERED = 'R', PLACE_APPENDED = 'A',
	PLACE_COPIED = 'C' };

struct place_message {
	enum place_kind kind;
	uint32_t number;	/* of the recipient, for R */
	uint64_t content;
	struct view base;	/* before ",S=" */
	uint64_t size;
	uint32_t uid;		/* 0: none in the name */
	struct view uidl;	/* as it stands there, see place_decode */
	uint32_t letters;	/* bits 0-4 as in record.h, 5+n for keyword n */
	bool sized;		/* S= was there */
	bool ours;		/* place_write gives the base back as it is */
};

/* Append the file name; not of a PLACE_FOREIGN one. */
void place_write(struct str *out, const struct place_message *m,
    const char *host);
/* Append ":2," and the letters. */
void place_write_letters(struct str *out, uint32_t letters);
/* Take a name apart; base points into it. False for what is no message: dot
 * files. Of a foreign one, content is a hash of its base. */
bool place_parse(struct view name, const char *host, struct place_message *m);

/* "%2C" is a comma again; false when that is not how it is written. */
bool place_decode(struct str *out, struct view v);

/* Which letters a record with these flags and keywords wants. */
uint32_t place_letters(uint32_t flags, uint64_t keywords);
uint32_t place_letter_flags(uint32_t letters);
uint64_t place_letter_keywords(uint32_t letters);

#endif
