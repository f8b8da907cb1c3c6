/* SPDX-License-Identifier: ISC */
/*
 * select - opening and leaving a mailbox
 */
#ifndef IMAPD_SELECT_H
#define IMAPD_SELECT_H

#include "imapd/imap.h"

/* Leave the selected mailbox, if there is one, without EXPUNGE. */
void box_leave(struct imap *im);

#endif
