/* SPDX-License-Identifier: ISC */
/*
 * check_logins - what can be said of trust towards other servers beforehand
 *
 * The file of relay_logins, line by line, the authorities of tls_ca, and the
 * program that fetches policies.
 */
#ifndef CTL_CHECK_LOGINS_H
#define CTL_CHECK_LOGINS_H

#include "lib/base/str.h"
#include "lib/proc/settings.h"

/* Lines are appended to errors and to warnings. */
void check_logins(const struct settings *s, struct str *errors,
    struct str *warnings);

#endif
