/* SPDX-License-Identifier: ISC */
/*
 * deliver - start the program deliver for an alias or a user of the system
 *
 * local asks, and may be in wrong hands. For aliases it does not say as whom, and
 * what it wants done is looked for by deliver in the alias files, which master
 * opens and hands over. A file that others than root could write is not handed
 * over. For a user nothing is done but what his own files say.
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

/* Is he a user of the system who gets mail: not one of those that programs run
 * as? */
struct passwd;
bool deliver_is_person(const struct passwd *pw);

#endif
