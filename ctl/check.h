/* SPDX-License-Identifier: ISC */
/*
 * check - what can be said of settings and tables without a server
 */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "lib/proc/settings.h"

/* Add a line for each error and each warning, "where: sentence". */
void check_all(const struct settings *s, struct str *errors,
    struct str *warnings);

#endif
