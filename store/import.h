/* SPDX-License-Identifier: ISC */
/*
 * import - messages that the administrator brings from another server
 *
 * He is given an empty directory of the user's, puts files there, and says what
 * their names mean; then they come into the mailbox by one rename. Names are
 * those of place.h for what comes from elsewhere: S=, U= and P= are believed.
 *
 * Into an empty mailbox they come as what it is from now on: with their UIDs, and
 * the UIDVALIDITY that belongs to them. Whoever has it open is told that it has
 * gone. Where there are messages already they get UIDs above all that were given.
 */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include "store/link.h"

bool import_begin(struct request *r, struct why *w);
bool import_end(struct request *r, struct why *w);

#endif
