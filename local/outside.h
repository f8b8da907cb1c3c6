/* SPDX-License-Identifier: ISC */
/*
 * outside - deliveries to commands and files, by the program deliver
 *
 * master starts one for each, with the content in its hands; local writes the
 * question and reads one line. A delivery goes on when queue is gone meanwhile:
 * its outcome is kept until queue asks for the same one again.
 */
#ifndef LOCAL_OUTSIDE_H
#define LOCAL_OUTSIDE_H

#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/proc/channel.h"

void outside_attempt(struct channel *queue, uint32_t tag,
    const struct msg_attempt *a);
/* A link is gone. */
void outside_closed(const struct channel *c);
/* Nothing is under way. */
bool outside_is_idle(void);

/* What deliver says: "2 2.0 sentence\n", with the verdict first and then the
 * status without its class. Anything else is LATER 3.0. */
void outside_read(struct view said, struct why *w);
/* Or, about a user of the system, that a mail for him goes to these of his
 * things: "3 0.0 sentence\n" and texts, each with its NUL. Targets as router has
 * them are appended. False: it says something else. */
bool outside_forwarded(struct view said, struct view user,
    struct view address, struct str *targets);

#endif
