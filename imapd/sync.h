/* SPDX-License-Identifier: ISC */
/*
 * sync - telling the client what has changed in its mailbox
 */
#ifndef IMAPD_SYNC_H
#define IMAPD_SYNC_H

#include "imapd/imap.h"

/* Write what is not told yet: keywords, EXPUNGE (where numbers may change),
 * EXISTS and RECENT, flags. A mailbox that is gone ends the session. */
void sync_tell(struct imap *im, bool may_renumber);
/* "* FLAGS (...)" and its PERMANENTFLAGS. */
void sync_tell_keywords(struct imap *im);
/* "* n FETCH (FLAGS (...))"; with_uid adds UID. */
void sync_tell_flags(struct imap *im, uint32_t index, uint32_t seq,
    bool with_uid);

#endif
