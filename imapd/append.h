/* SPDX-License-Identifier: ISC */
/*
 * append - new messages on their way into a mailbox
 *
 * Each is opened, filled from literals and other messages, and finished; then
 * all of them are committed together, and appear together or not at all. What
 * fails is answered, and what was opened has to be given up with
 * appends_free(). Memory does not grow with the messages: their octets go into
 * the descriptors that store gave.
 */
#ifndef IMAPD_APPEND_H
#define IMAPD_APPEND_H

#include "imapd/flags.h"
#include "imapd/imap.h"

/* What append_commit wants to know, a list each. */
struct appends {
	struct view mailbox;
	struct str numbers, sizes, flags, keywords, dates;
	uint32_t n;
	uint32_t handle, replaces;	/* a UID that goes; 0: none (REPLACE) */
	bool committed;
};

/* One of them. */
struct append {
	uint64_t number;
	int fd;			/* -1: not open */
	uint64_t size;
	bool nul;		/* it has NUL octets */
	bool in_body;		/* what comes is no header any more */
	bool inside;		/* not at the beginning of a line */
	bool header_8bit;	/* of the message, not of its parts */
	bool binary;		/* and may have them (literal8) */
	struct flag_list flags;
	int64_t date;
};

/* Read " (flags) date data" of one message into a file of its own and note it;
 * p stands behind it then. A command that takes a literal is run before it came:
 * the reader is asked for it, and for what follows. What was opened and not
 * noted is closed by the caller. append_read.c. */
enum answer append_read(struct imap *im, struct appends *all,
    struct append *a, struct parse *p);

/* May n more octets come to it (RFC 7889)? */
uint64_t append_limit(const struct imap *im);
bool append_fits(const struct imap *im, const struct append *a, uint64_t n);
/* Ask store for a file. Fills w when there is none. */
bool append_open(struct imap *im, const struct appends *all, struct append *a,
    struct why *w);
/* Add octets. False with w when the disk is in trouble; once that, it stays. */
bool append_put(struct append *a, struct view v, struct why *w);
/* The literal that is pending goes into it; with trouble in w it is read all
 * the same. False only when the client is gone. */
bool append_receive(struct imap *im, struct append *a, struct why *w);
/* It is complete: look at what it is, and note it. A header in UTF-8 is for
 * clients that have said that they know it (RFC 9755 4). NUL octets of a literal8 are
 * in no message that is kept: its parts are encoded (RFC 3516 4.4, 6). */
enum answer append_finish(struct imap *im, struct appends *all,
    struct append *a);
/* All of them into the mailbox, and out of the other what they replace. */
enum answer appends_commit(struct imap *im, struct appends *all);
/* Give back memory, and what was not committed. */
void append_close(struct imap *im, struct append *a);
void appends_free(struct imap *im, struct appends *all);

#endif
