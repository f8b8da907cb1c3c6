/* SPDX-License-Identifier: ISC */
/*
 * letter - a mail as commands and files get it
 *
 * Lines end in LF. In front stand, for commands and mboxes, the line "From
 * sender date"; then Return-Path, X-Original-To and Delivered-To, of which a mail
 * that goes on to somebody else has the last only. In an mbox a
 * line that begins with "From " gets a ">" in front, and an empty line follows
 * the mail. The reader pulls: nobody holds all of it.
 */
#ifndef DELIVER_LETTER_H
#define DELIVER_LETTER_H

#include <sys/types.h>

#include "deliver/order.h"

enum letter_form { LETTER_COMMAND, LETTER_MBOX, LETTER_MAILDIR,
	LETTER_FORWARD };

struct letter {
	int content;		/* read with pread() */
	off_t at;
	enum letter_form form;
	bool cr;		/* a CR is held back */
	bool ended;
	unsigned from;		/* octets of "From " that are held back */
	bool line_start;
	struct str out;		/* what was not taken yet begins at taken */
	size_t taken;
};

/* now: seconds since 1970, for the first line. */
void letter_open(struct letter *l, int content, const struct order *o,
    enum letter_form form, int64_t now);
/* Up to n octets; 0 at the end, -1 with errno. */
ssize_t letter_read(struct letter *l, char *p, size_t n);
/* The same, all of it, to a file; false with errno. */
bool letter_write(struct letter *l, int fd);
void letter_close(struct letter *l);

/* Has the mail been delivered to this address before: does it have such a
 * Delivered-To? */
bool letter_is_loop(int content, const struct order *o);

#endif
