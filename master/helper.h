/* SPDX-License-Identifier: ISC */
/*
 * helper - programs that auth and smtp may not execute themselves
 *
 * They ask for one by its kind and get the other end of its standard input and
 * output. master does not read what they say; it bounds their number, time and
 * means.
 */
#ifndef MASTER_HELPER_H
#define MASTER_HELPER_H

#include <sys/types.h>

#include "lib/proc/channel.h"
#include "lib/proc/settings.h"

/* Are the programs there that the settings name? False with sentences. */
bool helper_check(const struct settings *s, struct str *error);
void helper_start(struct channel *c, uint32_t tag, struct msg_helper_start *m);
/* A process has ended, perhaps a helper. */
void helper_ended(pid_t pid, int status);

#endif
