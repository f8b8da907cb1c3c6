/* SPDX-License-Identifier: ISC */
/*
 * house - what a dialog asks of the other programs
 *
 * Where does this address go, whose is it (router); take this mail, try that
 * domain (queue); who is this (auth). In the program they are messages, in tests
 * functions that answer at once. All may wait in the calling fiber; none keeps
 * what it was given.
 */
#ifndef SMTPD_HOUSE_H
#define SMTPD_HOUSE_H

#include "lib/mail/sasl.h"
#include "lib/proc/network.h"
#include "smtpd/intake.h"

struct dialog;

/* Where a recipient goes; lists of transport, destination, address each, in
 * the arena of the transaction. */
struct routing {
	struct view targets, copies;
	bool hold;	/* the administrator wants to see it first */
	bool discard;	/* it goes nowhere, and the client is not told */
};

struct house {
	const struct settings *(*settings)(void);
	/* Name of this host, as it greets. */
	const char *(*hostname)(void);
	/* True: it is taken. */
	bool (*route)(struct dialog *d, struct view recipient,
	    struct routing *to, struct why *w);
	/* May the session's login send as this, and now? */
	bool (*may_send)(struct dialog *d, struct view sender, struct why *w);
	/* What stands behind a name: *addresses is a list in the arena of the
	 * command. list: the members of a list (EXPN). */
	bool (*expand)(struct dialog *d, struct view name, bool list,
	    struct view *addresses, struct why *w);
	/* Try what waits for a domain; *mails is how many that are. */
	bool (*try_domain)(struct dialog *d, struct view domain,
	    uint32_t *mails, struct why *w);
	/* See smtpd/intake.h. */
	void (*mail_begin)(struct intake *in, uint64_t size);
	bool (*mail_ready)(struct intake *in, struct why *w);
	bool (*mail_file)(struct intake *in, struct why *w);
	bool (*mail_commit)(struct intake *in, const struct dialog *d,
	    const struct msg_mail_commit *mail, struct why *w);
	void (*mail_drop)(struct intake *in);
	/* STARTTLS: does the listener have it, and can it be done now? */
	bool (*tls_allowed)(const struct dialog *d);
	bool (*tls_ready)(const struct dialog *d);
	/* Logins, as in lib/mail/sasl.h, with d->sasl. */
	void (*sasl_offer)(const struct dialog *d, struct str *out);
	enum sasl_result (*sasl_begin)(struct dialog *d, struct view mechanism,
	    const struct view *initial, struct why *w);
	enum sasl_result (*sasl_answer)(struct dialog *d, struct view response,
	    struct why *w);
	void (*sasl_end)(struct dialog *d);
	/* A proxy says who the client is. False: it has too many sessions. */
	bool (*speaks_for)(struct dialog *d, const struct address16 *client,
	    uint16_t port);
};

/* The real one; house_prepare() before confinement. */
extern const struct house house_real;
void house_prepare(void);

#endif
