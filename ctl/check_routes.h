/* SPDX-License-Identifier: ISC */
/*
 * check_routes - routes, relay_recipients, relay_logins and source addresses
 */
#ifndef CTL_CHECK_ROUTES_H
#define CTL_CHECK_ROUTES_H

#include "lib/proc/settings.h"

/* Lines "FILE:LINE:COLUMN: sentence": in errors what the server would not take,
 * in warnings what it passes over. */
void check_routes(const struct settings *s, struct str *errors,
    struct str *warnings);

#endif
