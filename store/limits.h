/* SPDX-License-Identifier: ISC */
/*
 * limits - how much each user may keep
 *
 * The users file comes first, then the section of the domain, then what the
 * settings say for all. auth reads the users file and sends those who have
 * limits of their own (quota_table); until it has, nobody has any. What an
 * administrator set by IMAP goes before all that (full_limits).
 */
#ifndef STORE_LIMITS_H
#define STORE_LIMITS_H

#include "lib/mail/quota.h"
#include "lib/proc/settings.h"

/* s has to live until the next call. */
void limits_settings(const struct settings *s);
/* Take a table in; false when it is none. fd stays open. */
bool limits_table(int fd);

/* Has anybody any limit? */
bool limits_any(void);
/* Another number after each change. */
unsigned limits_generation(void);
/* 0: none. */
struct quota_limits limits_of(struct view user);

#endif
