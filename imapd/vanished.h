/* SPDX-License-Identifier: ISC */
/*
 * vanished - what a client that was away has to forget (RFC 7162 3.2)
 */
#ifndef IMAPD_VANISHED_H
#define IMAPD_VANISHED_H

#include "imapd/imap.h"

/* "* VANISHED (EARLIER) uids": of those the client knows, the messages that
 * went after this modification sequence. known NULL: it may know all. False
 * with w when store cannot say. */
bool vanished_tell(struct imap *im, uint64_t since, const struct numset *known,
    struct why *w);

#endif
