/* SPDX-License-Identifier: ISC */
/*
 * headers - the headers of many messages, for SORT and THREAD
 */
#ifndef IMAPD_HEADERS_H
#define IMAPD_HEADERS_H

#include "imapd/search.h"

/* Call f for each match, in order, with its summary (lib/mail/summary.h): p NULL
 * when the message is gone or cannot be read. Others have their turns meanwhile, and the client
 * hears how it goes. False with w when store or the client is gone. */
bool headers_each(struct imap *im, const struct matches *m,
    void (*f)(void *arg, size_t i, struct view header), void *arg,
    struct why *w);

#endif
