/* SPDX-License-Identifier: ISC */
/*
 * thread - messages as conversations (RFC 5256)
 */
#ifndef IMAPD_THREAD_H
#define IMAPD_THREAD_H

#include "imapd/search.h"

enum thread_kind { THREAD_ORDEREDSUBJECT, THREAD_REFERENCES };

/* Write "* THREAD (1 2)(3)" of the matches. False with w when store or the
 * client is gone. */
bool thread_run(struct imap *im, enum thread_kind kind,
    const struct matches *m, struct why *w);

#endif
