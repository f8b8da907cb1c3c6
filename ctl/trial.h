/* SPDX-License-Identifier: ISC */
/*
 * trial - a message in by SMTP, and out by IMAP
 */
#ifndef CTL_TRIAL_H
#define CTL_TRIAL_H

#include "ctl/ctl.h"

/* Send a message to a user of the server that runs with these settings, read it
 * with the password and remove it, by the program probe. Says how it went;
 * returns a code of sysexits.h. Without an SMTP and an IMAP listener nothing is
 * tried, and that is said. */
int trial(const struct settings *s, struct view user, struct view password);

#endif
