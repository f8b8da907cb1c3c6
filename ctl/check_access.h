/* SPDX-License-Identifier: ISC */
/*
 * check_access - the file of rules (access(5)), for posthouse check
 */
#ifndef CTL_CHECK_ACCESS_H
#define CTL_CHECK_ACCESS_H

#include "lib/base/str.h"
#include "lib/proc/settings.h"

/* Append a line for each thing that is wrong. */
void check_access(const struct settings *s, struct str *errors);

#endif
