/* SPDX-License-Identifier: ISC */
/*
 * maildir - put a mail into a Maildir
 *
 * Written below tmp, synced, then linked into new, whose directory is synced. The
 * name is made from the mail id and the recipient's number: a mail that comes again
 * meets itself.
 */
#ifndef DELIVER_MAILDIR_H
#define DELIVER_MAILDIR_H

#include "deliver/order.h"
#include "lib/base/why.h"

/* The directory and its three are made if they are not there. */
bool maildir_deliver(const struct order *o, const char *path, int content,
    struct why *w);

#endif
