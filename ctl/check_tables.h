/* SPDX-License-Identifier: ISC */
/*
 * check_tables - tables of aliases, recipients and names: do they have mistakes?
 */
#ifndef CTL_CHECK_TABLES_H
#define CTL_CHECK_TABLES_H

#include "lib/proc/settings.h"

/* Append a line to errors for each mistake in them, or kind that there is not; to
 * warnings for a database that is older than the text it is made from. */
void check_tables(const struct settings *s, struct str *errors,
    struct str *warnings);

#endif
