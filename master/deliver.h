/* SPDX-License-Identifier: ISC */
/*
 * deliver - start the program deliver for a command or a file of an alias
 *
 * local asks, and may be in wrong hands: so it does not say as whom, and what it
 * wants done is looked for by deliver in the alias files, which master opens and
 * hands over. A file that others than root could write is not handed over.
 */
#ifndef MASTER_DELIVER_H
#define MASTER_DELIVER_H

#include "lib/proc/channel.h"
#include "lib/proc/settings.h"

/* Handler of the message. */
void deliver_start(struct channel *c, uint32_t tag,
    struct msg_deliver_start *m);

/* May commands and files be this user's? False, with LATER 3.5 and a sentence:
 * he does not exist, is root or one of our own programs, or master cannot
 * become him. */
bool deliver_may_be(const char *user, struct why *w);

#endif
