/* SPDX-License-Identifier: ISC */
/*
 * copy - messages go from one mailbox into another
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/link.h"

bool copy_request(struct request *r, struct why *w);
/* All messages of one mailbox go into another, as INBOX does in a RENAME. */
bool copy_move_all(struct mailbox *from, struct mailbox *to, struct why *w);

#endif
