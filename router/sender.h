/* SPDX-License-Identifier: ISC */
/*
 * sender - may this login send as this reverse-path
 *
 * A login owns its own name, with any detail behind it, and every address that
 * delivers to it, so that whoever answers is answered to (RFC 6409 6.1). The
 * null reverse-path is everybody's: reports and read receipts need it.
 */
#ifndef ROUTER_SENDER_H
#define ROUTER_SENDER_H

#include "router/decide.h"

/* d is as for decide(), and is used. DONE, or NEVER 7.1, or LATER; true when
 * DONE. */
bool sender_may(const struct tables *t, struct view login,
    struct view sender, struct arena *a, struct decision *d);

#endif
