/* SPDX-License-Identifier: ISC */
/*
 * states - the numbers of mailboxes that nobody has to open for it
 *
 * Of a mailbox that is not in memory the row of its header tells all, so the
 * numbers of 10,000 mailboxes cost as many reads of the index and no
 * descriptor.
 */
#ifndef STORE_STATES_H
#define STORE_STATES_H

#include "store/link.h"

bool states_one(struct request *r, struct why *w);
bool states_many(struct request *r, struct why *w);

#endif
