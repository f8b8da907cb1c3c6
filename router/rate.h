/* SPDX-License-Identifier: ISC */
/*
 * rate - how many recipients each login has sent to in the last hour
 *
 * The hour slides in steps of five minutes, so that in no hour at all more than
 * the limit pass. Memory is bounded: beyond RATE_LOGINS_MOST the login that was
 * seen longest ago is forgotten, and with it its count.
 */
#ifndef ROUTER_RATE_H
#define ROUTER_RATE_H

#include "lib/base/view.h"

#define RATE_LOGINS_MOST 20000

/* One more recipient of this login, if it has sent to less than most; now: a
 * clock in seconds that only goes on. On false, *first says whether this is
 * the first refusal in an hour. */
bool rate_take(struct view login, uint64_t most, int64_t now, bool *first);
/* May it send to another one? Counts nothing. */
bool rate_is_free(struct view login, uint64_t most, int64_t now);
void rate_clear(void);		/* for tests */

#endif
