/* SPDX-License-Identifier: ISC */
/*
 * warning - a mail into a user's INBOX: so much of what he may keep is used
 *
 * Written by the store itself, past every limit. It becomes a message in the
 * transaction that notes it: nobody is warned twice, or noted and not warned.
 */
#ifndef STORE_WARNING_H
#define STORE_WARNING_H

#include "store/quota.h"

/* Start to do it; q->warning until it is done. What fails is tried again when
 * something of the user's changes. */
void warning_start(struct quota *q, uint8_t percent);

/* The mail, in wire form, from a user who may have limits of either kind. */
void warning_text(struct str *out, const struct quota *q, const char *from,
    int64_t now);

#endif
