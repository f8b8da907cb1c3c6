/* SPDX-License-Identifier: ISC */
/*
 * full - who is full, and who has to be warned
 *
 * Users with a limit are looked at once behind each turn in which something of
 * theirs has changed. router hears who is full, so that mail is refused at RCPT
 * already; it is a hint that may be lost, as the store looks itself before each
 * delivery. Whoever passes a percentage of quota_warnings gets one mail, and
 * the next one for it when he has been five percent below it meanwhile.
 *
 * Both are remembered in a row for each user whom they concern: after a restart
 * router is told from there, and nobody is warned again.
 */
#ifndef STORE_FULL_H
#define STORE_FULL_H

#include "lib/proc/channel.h"
#include "lib/proc/settings.h"
#include "store/quota.h"

/* The settings have changed, or have come; they live until the next call. */
void full_settings(const struct settings *s);
/* Users with limits of their own. */
void full_table(struct channel *c, uint32_t tag, struct msg_quota_table *m);
/* The index is open: look at those who were full. */
void full_begin(void);
/* A router is there: tell it all. */
void full_linked(struct channel *c);

/* Something of this user has changed. */
void full_look(struct quota *q);
/* The mail about so many percent goes into his INBOX; in its transaction. */
void full_warned(struct quota *q, uint8_t percent);
/* His limits as they are now; 0: none. */
const struct quota_limits *full_limits(struct quota *q);
/* Percent; LATER or NEVER for mail that has no room. */
uint64_t full_grace(void);
bool full_refuses(void);

#endif
