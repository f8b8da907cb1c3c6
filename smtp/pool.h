/* SPDX-License-Identifier: ISC */
/*
 * pool - the connections that there are, and how many there may be
 *
 * Connections belong to a place: a hop and what the mail demands of TLS, so that
 * one is used again only for what it was made for. Idle ones are kept for some
 * seconds. There are at most destination_connections of a place and
 * smtp_connections in all; who wants one more waits for his turn, and idle ones
 * of others are closed first.
 */
#ifndef SMTP_POOL_H
#define SMTP_POOL_H

#include "smtp/client.h"

struct place;

/* Wait for an idle connection (*c) or for the right to make one (*c is NULL).
 * Either way the caller has a spot now, and gives it back by one of the two
 * below. NULL: the fiber was cancelled. */
struct place *pool_enter(struct view hop, uint8_t demand, struct client **c);
/* The server says that it has enough connections: with those that there are,
 * its limit is known for a minute. Wait as pool_enter() does, in place of the
 * spot that the caller has. False: there are no others to wait for, or the fiber
 * was cancelled; then *p is NULL, and the spot is given back. */
bool pool_step_back(struct place **p, struct client **c);
/* The connection may be used again: keep it, for five minutes in all. Takes
 * *c. */
void pool_keep(struct place **p, struct client **c);
/* There is no connection any more. */
void pool_leave(struct place **p);
/* Settings have changed: those that there are now take no further
 * mail than the one that they have. */
void pool_renew(void);
/* Close all that are idle now, and from now on at once. */
void pool_stop(void);

#endif
