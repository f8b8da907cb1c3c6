/* SPDX-License-Identifier: ISC */
/*
 * check_tls - certificates and keys, before keys looks at them
 */
#ifndef CTL_CHECK_TLS_H
#define CTL_CHECK_TLS_H

#include "lib/base/str.h"
#include "lib/proc/settings.h"

/* Add a line for everything that keeps a certificate from being served, and one
 * for everything that the administrator should know. */
void check_tls(const struct settings *s, struct str *errors,
    struct str *warnings);

#endif
