/* SPDX-License-Identifier: ISC */
/*
 * modify - what sessions do to the messages of an open mailbox
 */
#ifndef STORE_MODIFY_H
#define STORE_MODIFY_H

#include "store/link.h"

bool modify_flags(struct request *r, struct why *w);
bool modify_expunge(struct request *r, struct why *w);
bool modify_copy(struct request *r, struct why *w);

/* All messages of one mailbox go into another, as INBOX does in a RENAME. */
bool modify_move_all(struct mailbox *from, struct mailbox *to, struct why *w);

#endif
