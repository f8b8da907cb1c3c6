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
/* Would that write something? */
bool sync_has_news(const struct imap *im, bool may_renumber);
/* "* n EXISTS", and "* n RECENT" for who still hears of it (RFC 9051 E 12). */
void sync_put_exists(struct imap *im);
/* "* FLAGS (...)" and its PERMANENTFLAGS. */
void sync_tell_keywords(struct imap *im);
/* "* n FETCH (FLAGS (...))", with MODSEQ where the client wants to know. */
enum { TELL_UID = 1, TELL_FLAGS = 2, TELL_MODSEQ = 4 };
void sync_tell_flags(struct imap *im, uint32_t index, uint32_t seq,
    unsigned what);
/* What is told with a change of flags, whoever made it. */
unsigned sync_what(const struct imap *im);

#endif
