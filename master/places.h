/* SPDX-License-Identifier: ISC */
/*
 * places - the directories that the programs work in
 *
 * Made, or put right, before any program starts: a program that is confined to
 * its directory cannot make it itself, and as its own user may not.
 */
#ifndef MASTER_PLACES_H
#define MASTER_PLACES_H

#include "lib/proc/settings.h"

/* False with a sentence for the administrator. */
bool places_make(const struct settings *s, struct str *error);
/* Programs run as users of their own. */
bool places_owned(const struct settings *s);

#endif
