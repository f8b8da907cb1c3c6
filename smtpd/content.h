/* SPDX-License-Identifier: ISC */
/*
 * content - the octets of a mail, from 354 to the dot or by BDAT
 *
 * Undoes dots, refuses what RFC 5321 does not allow in a mail (bare CR or LF,
 * NUL, lines over 998 octets, more than the limit), counts Received fields and
 * sees whether Delivered-To names the mailbox already.
 * Of a binary mail (RFC 3030) only the header is held to that.
 * Little mails stay in memory until their end, so that what is found out late
 * can still stand in front, and reach the spool in one write; large ones are
 * written in chunks. After a refusal the rest is taken and dropped.
 *
 * Fields that a submitted mail should have (RFC 6409 8) are given as texts that
 * go in front when the header turns out to lack them.
 */
#ifndef SMTPD_CONTENT_H
#define SMTPD_CONTENT_H

#include "lib/base/why.h"
#include "lib/mail/text.h"

#define CONTENT_CHUNK	65536	/* kept in memory */
#define CONTENT_LINE	998	/* octets of a line, without CR LF */

enum content_form {
	CONTENT_DOTS,		/* DATA */
	CONTENT_LINES,		/* BDAT: the same lines, no dots to undo */
	CONTENT_BINARY		/* BDAT: lines in the header, then anything */
};

enum field { FIELD_DATE, FIELD_MESSAGE_ID, FIELDS };

struct content {
	enum content_form form;
	int fd;			/* borrowed; -1: all of it stays in body */
	uint64_t limit;		/* octets allowed */
	struct text_unstuff unstuff;
	struct str front;	/* to be written before the first octet */
	struct view missing[FIELDS];	/* lines to add; borrowed, or empty */
	struct str body;	/* not written yet */
	struct str id;		/* Message-ID, known with the first write */
	uint64_t written;	/* with front */
	uint32_t skip;		/* octets in front that are for a mailbox */
	struct view mailbox;	/* address; borrowed, or empty */
	uint64_t swallowed;	/* after a refusal */
	struct why *why;	/* of the refusal, NULL if all is well */
	size_t scanned;		/* octets of body looked at */
	char name[12];		/* of the present line's field, lower case */
	uint8_t name_n, value_n;
	char value[8];		/* the beginning of its value, no blanks */
	bool named;		/* it is complete, or none that matters */
	bool tls_field;		/* it is TLS-Required */
	bool to_field;		/* it is Delivered-To, and names mailbox so far */
	size_t to_at;		/* that far */
	bool loop;		/* it was delivered to mailbox before */
	bool tls_no;		/* that field says No (RFC 8689 3) */
	bool has[FIELDS];
	bool in_body;		/* the header has ended */
	bool eight;		/* has 8-bit octets */
	bool header_eight;	/* has them in the header */
	uint32_t received;	/* Received fields */
};

void content_begin(struct content *c, uint64_t limit, enum content_form form);
/* Returns how much was taken: all, or up to the end (c->unstuff.done). */
size_t content_take(struct content *c, struct view in);
/* The last chunk has been taken. Text gets the CR LF it may lack. */
void content_last(struct content *c);
/* Something else stands against it: the rest is dropped. */
void content_refuse(struct content *c, const struct why *w);
/* Is a descriptor needed before this is taken? */
bool content_needs_file(const struct content *c, struct view in);
/* After the end: write what is left; without a descriptor body has it all then.
 * False: refused, or not writable. */
bool content_end(struct content *c, struct why *w);
void content_free(struct content *c);

#endif
