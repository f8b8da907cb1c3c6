/* SPDX-License-Identifier: ISC */
/*
 * uidlist - the UIDs that Dovecot or Courier gave to the files of a Maildir
 *
 * dovecot-uidlist begins with a line of its version, 3 or 1. In version 3 the
 * line has words with a letter each, V the UIDVALIDITY, N the UID after the last;
 * then come lines "UID WORDS :NAME", in which P is a UIDL that was kept. Version 1
 * is Courier's, too (courierimapuiddb): "1 UIDVALIDITY UIDNEXT", "UID NAME".
 *
 * The reader takes the text and fills in what it understands; a line that makes
 * no sense is passed over, as is one whose UID is not above the last.
 */
#ifndef MAIL_UIDLIST_H
#define MAIL_UIDLIST_H

#include "lib/base/str.h"

struct uidlist {
	struct view rest;	/* lines that were not read yet */
	uint32_t version;	/* 1 or 3 */
	uint32_t uidvalidity, uidnext;
	uint32_t last;		/* UID given last */
};

struct uidlist_line {
	uint32_t uid;
	struct view uidl;	/* empty: none was kept */
	struct view base;	/* of the file's name, before ":2," */
};

/* Read the first line. False: it is no such file. */
bool uidlist_begin(struct uidlist *l, struct view text);
/* The next line, views of the text; false at the end. uidnext grows with the
 * UIDs. */
bool uidlist_next(struct uidlist *l, struct uidlist_line *line);

/* What a file name begins with, whatever its flags. */
struct view uidlist_base(struct view name);

#endif
