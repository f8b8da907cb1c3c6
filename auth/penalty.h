/* SPDX-License-Identifier: ISC */
/*
 * penalty - how long a wrong password waits for its answer
 *
 * Half a second for the first, doubling with each wrong one from the same
 * address up to eight seconds, forgotten with time. Only wrong answers wait: a
 * right one comes at once, so nobody can lock others out. IPv6 clients count by
 * their /64. The table has a fixed size; when it is full, the address that was
 * quiet for the longest time is forgotten.
 */
#ifndef AUTH_PENALTY_H
#define AUTH_PENALTY_H

#include "lib/base/view.h"

void penalty_start(void);
/* Have several wrong passwords come from client lately? */
bool penalty_is_suspect(struct view client, int64_t now);
/* Count a wrong password from client at time now (clock_ms); returns the
 * milliseconds that its answer waits. */
int64_t penalty_add(struct view client, int64_t now);

#endif
