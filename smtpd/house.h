/* SPDX-License-Identifier: ISC */
/*
 * house - what a dialog asks of the other programs
 *
 * Two questions: where does this address go (router), and take this mail
 * (queue). In the program they are messages, in tests functions that answer at
 * once. All may wait in the calling fiber; none keeps what it was given.
 */
#ifndef SMTPD_HOUSE_H
#define SMTPD_HOUSE_H

#include "lib/base/why.h"
#include "lib/proc/settings.h"
#include "smtpd/intake.h"

struct dialog;

struct house {
	const struct settings *(*settings)(void);
	/* Name of this host, as it greets. */
	const char *(*hostname)(void);
	/* True: *targets is a list of transport, destination, address each,
	 * copied into the arena of the transaction. */
	bool (*route)(struct dialog *d, struct view recipient,
	    struct view *targets, struct why *w);
	/* See smtpd/intake.h. */
	void (*mail_begin)(struct intake *in, uint64_t size);
	bool (*mail_ready)(struct intake *in, struct why *w);
	bool (*mail_commit)(struct intake *in, const struct dialog *d,
	    const struct msg_mail_commit *mail, struct why *w);
	void (*mail_drop)(struct intake *in);
	/* Is a login right? True: d->login is its canonical name. */
	bool (*login)(struct dialog *d, struct view user,
	    struct view password, struct why *w);
};

/* The real one; house_prepare() before confinement. */
extern const struct house house_real;
void house_prepare(void);

#endif
