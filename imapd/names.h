/* SPDX-License-Identifier: ISC */
/*
 * names - all mailboxes of the user, as store lists them
 */
#ifndef IMAPD_NAMES_H
#define IMAPD_NAMES_H

#include "imapd/imap.h"

/* Append them as name, letters, name, ...: the list of a mailboxes message, which
 * comes as a file where they are many. False with the reason. */
bool names_ask(struct imap *im, struct str *names, struct why *w);

#endif
