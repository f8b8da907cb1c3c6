/* SPDX-License-Identifier: ISC */
/*
 * guess - who has guessed passwords, for the administrator's command
 */
#ifndef AUTH_GUESS_H
#define AUTH_GUESS_H

#include "lib/proc/channel.h"

void guess_list(struct channel *c, uint32_t tag, struct msg_guess_list *m);
void guess_clear(struct channel *c, uint32_t tag, struct msg_guess_clear *m);

#endif
