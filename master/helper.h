/* SPDX-License-Identifier: ISC */
/*
 * helper - programs that auth, smtp and local may not execute themselves
 *
 * They ask for one by its kind (local: master/deliver.h) and get the other end of its standard input and
 * output. master does not read what they say; it bounds their number, time and
 * means.
 */
#ifndef MASTER_HELPER_H
#define MASTER_HELPER_H

#include <sys/types.h>

#include "lib/proc/channel.h"
#include "lib/proc/settings.h"
#include "master/spawn.h"

/* The first three are numbers of the message helper_start. */
enum helper_kind { HELPER_PAM = 1, HELPER_OAUTH, HELPER_FETCH, HELPER_DELIVER,
	HELPERS };

/* Start one with a socket as its standard input and output: the other end of
 * that, or -1 with the reason. */
int helper_spawn(enum helper_kind kind, struct spawn *s, struct why *w);
/* Append its path; nothing when the settings name no such helper. */
void helper_path(const struct settings *s, unsigned kind, struct str *path);
/* Are the programs there that the settings name? False with sentences. */
bool helper_check(const struct settings *s, struct str *error);
void helper_start(struct channel *c, uint32_t tag, struct msg_helper_start *m);
/* A process has ended, perhaps a helper. */
void helper_ended(pid_t pid, int status);

#endif
