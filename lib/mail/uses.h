/* SPDX-License-Identifier: ISC */
/*
 * uses - what a mailbox is for (RFC 6154, RFC 8457)
 *
 * A set of special uses is a bit for each; as text, the attributes with blanks
 * between them: "\Archive \Sent". Attributes compare without case.
 */
#ifndef MAIL_USES_H
#define MAIL_USES_H

#include "lib/base/str.h"

enum use {
	USE_ALL = 1 << 0,
	USE_ARCHIVE = 1 << 1,
	USE_DRAFTS = 1 << 2,
	USE_FLAGGED = 1 << 3,
	USE_IMPORTANT = 1 << 4,
	USE_JUNK = 1 << 5,
	USE_SENT = 1 << 6,
	USE_TRASH = 1 << 7
};
#define USES_KNOWN	0xffu	/* every bit above */
/* What a mailbox can be for: \All and \Flagged are views of others. */
#define USES_SETTABLE	(USES_KNOWN & ~(USE_ALL | USE_FLAGGED))

/* The bit of one attribute, 0 if it is no special use. */
uint32_t use_parse(struct view attribute);
/* All words of a text; what is no special use is passed over, and counted in
 * *strange unless that is NULL. */
uint32_t uses_parse(struct view text, size_t *strange);
/* Append them as text, in the order of the bits. */
void uses_put(struct str *out, uint32_t uses);
/* A letter for each bit, 'A' for bit 0, as store lists mailboxes; other letters
 * are passed over. */
void uses_put_letters(struct str *out, uint32_t uses);
uint32_t uses_of_letters(struct view letters);

#endif
