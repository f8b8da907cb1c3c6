/* SPDX-License-Identifier: ISC */
/*
 * messages - which messages a command is about
 */
#ifndef IMAPD_MESSAGES_H
#define IMAPD_MESSAGES_H

#include "imapd/imap.h"

/* A set of numbers, or of UIDs in the UID form. A number that no message has is
 * an error, a UID that no message has is not (RFC 3501 6.4.8). */
void messages_parse(struct imap *im, struct parse *p, struct numset *set);

#endif
