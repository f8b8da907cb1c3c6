/* SPDX-License-Identifier: ISC */
/*
 * turns - users at work go before strangers who shake hands
 *
 * A handshake of TLS costs as much as dozens of commands, and anybody may begin
 * as many as he likes. While sessions of users have something to do, handshakes
 * take turns, with a rest between two of them.
 */
#ifndef PROC_TURNS_H
#define PROC_TURNS_H

#include "lib/base/base.h"

/* A user's session has got octets to work on. */
void turns_work(void);
/* Before a handshake, in a fiber: wait for one's turn, which comes at once when no
 * user is at work. False when the deadline came first, or the fiber is
 * cancelled. */
bool turns_take(int64_t deadline);

#endif
