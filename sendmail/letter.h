/* SPDX-License-Identifier: ISC */
/*
 * letter - a message of a local program, made fit for the wire
 *
 * Reads it, turns line ends into CR LF, takes recipients from the header if
 * asked (-t), adds what is missing (From, Date, Message-ID), puts a domain
 * behind bare names, drops Bcc, and breaks what is longer than a line of SMTP
 * may be, so that whatever cron says can be sent.
 */
#ifndef SENDMAIL_LETTER_H
#define SENDMAIL_LETTER_H

#include "lib/base/why.h"
#include "sendmail/caller.h"
#include "sendmail/options.h"

#define RECIPIENTS_MOST 100000

struct letter {
	struct arena *arena;
	struct view sender;	/* empty for <> */
	size_t rcpts;
	struct view *rcpt;	/* without brackets, with a domain */
	bool *refused;		/* by the server: one for each */
	struct str content;	/* wire form */
	bool eight;		/* has 8-bit octets */
	const struct options *options;	/* NULL: none */
	const struct caller *caller;
};

/* Read a message up to its end, or to a lone dot. False: it cannot be read, or
 * is larger than the limit of raw. */
bool letter_read(struct str *raw, int fd, bool dot_ends, struct why *w);
/* Sender and recipients as options and caller (set before) say, content of raw.
 * False with a verdict: 1.3, 1.7 for addresses, 5.4 for no recipients. */
bool letter_make(struct letter *l, struct view raw, struct why *w);
/* Add a recipient, qualified with domain if it has none. */
bool letter_rcpt_add(struct letter *l, struct view address,
    const char *domain, struct why *w);
void letter_free(struct letter *l);

#endif
