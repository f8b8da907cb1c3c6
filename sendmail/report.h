/* SPDX-License-Identifier: ISC */
/*
 * report - tell the sender of a dropped letter that it was refused
 *
 * The server refuses at its door, so no mail of the queue exists that bounce
 * could write about: who hands the letter in has to (RFC 5321 6.1).
 */
#ifndef SENDMAIL_REPORT_H
#define SENDMAIL_REPORT_H

#include "sendmail/submit.h"

/* Recipients and reasons, as they were told. */
struct report {
	struct str text;	/* for people */
	struct str fields;	/* for programs: RFC 3464 */
};

/* Fits submit_letter(); arg is a struct report. */
void report_note(void *arg, struct view rcpt, const struct why *w);
/* Note all recipients that were not refused one by one. */
void report_note_all(struct report *r, const struct letter *l,
    const struct why *w);
/* Send it to l->sender. */
bool report_send(struct submit *s, const struct report *r,
    const struct letter *l, struct why *w);
void report_free(struct report *r);

#endif
