/* SPDX-License-Identifier: ISC */
/*
 * select - opening and leaving a mailbox
 */
#ifndef IMAPD_SELECT_H
#define IMAPD_SELECT_H

#include "imapd/imap.h"

struct box;
/* Open a mailbox; NULL with w. Its events go nowhere until link_attach(). What is
 * opened to be read takes \Recent from nobody. */
struct box *box_open(struct imap *im, struct view name, bool read_only,
    struct why *w);
/* One that was never attached. */
void box_close(struct imap *im, struct box **b);
/* Leave the selected mailbox, if there is one, without EXPUNGE. */
void box_leave(struct imap *im);

#endif
