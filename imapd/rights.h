/* SPDX-License-Identifier: ISC */
/*
 * rights - what the user may do with a mailbox, asked and told
 */
#ifndef IMAPD_RIGHTS_H
#define IMAPD_RIGHTS_H

#include "imapd/imap.h"

/* Ask store for msg_acl of a mailbox; mine: only the user's rights. */
bool rights_ask(struct imap *im, struct view mailbox, bool mine,
    struct reply *reply, struct why *w);
/* "* MYRIGHTS mailbox letters" */
void rights_put_mine(struct imap *im, struct view mailbox,
    struct view letters);

#endif
