/* SPDX-License-Identifier: ISC */
/*
 * expunge - removing what has \Deleted
 */
#ifndef IMAPD_EXPUNGE_H
#define IMAPD_EXPUNGE_H

#include "imapd/imap.h"

/* Remove those of a UID set (NULL: of all that the client knows) that have
 * \Deleted. Nothing to remove is fine. */
bool expunge_deleted(struct imap *im, const struct numset *uids,
    struct why *w);

#endif
