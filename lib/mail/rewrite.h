/* SPDX-License-Identifier: ISC */
/*
 * rewrite - other addresses in a header, and nothing else
 *
 * Finds the addresses of the fields that name a sender or a recipient, and
 * writes the header with some of them replaced. Names, comments, folds, groups
 * and all other fields stay octet for octet; of an address only the part that
 * differs, local part or domain, is written anew. What is no address stays, too.
 * Who says which address becomes which is the caller.
 */
#ifndef MAIL_REWRITE_H
#define MAIL_REWRITE_H

#include "lib/base/arena.h"
#include "lib/base/str.h"

#define REWRITE_HEADER_MAX (1024u * 1024)	/* larger ones had better stay */
#define REWRITE_MOST	   20000		/* addresses of one header */

struct rewrite_spot {
	struct view local, domain;	/* where they stand in the header */
	struct view address;		/* as SMTP writes it; in the arena */
	size_t at;			/* where its @ is */
	struct view to;			/* set by the caller: the same of another
					 * one; "": it stays */
};

struct rewrite {
	struct view header;
	struct rewrite_spot *spot;
	size_t n;
};

/* Find the addresses, in their order. The header may have its empty line or
 * not. False: there are too many, or the header is too large. Memory: the arena,
 * in proportion to the header. */
bool rewrite_find(struct view header, struct arena *a, struct rewrite *r);
/* Append the header with what the spots say. A line that becomes longer than it
 * was is folded before it comes to the limit (RFC 5322 2.1.1). */
void rewrite_write(const struct rewrite *r, struct str *out);

#endif
