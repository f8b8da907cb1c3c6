/* SPDX-License-Identifier: ISC */
/*
 * source - does the target really stand in an alias file
 *
 * What runs here was asked for by programs that talk to those that talk to the
 * network. The alias files were opened by master: what does not stand there, in an
 * entry of the name that the mail is for, is not carried out.
 */
#ifndef DELIVER_SOURCE_H
#define DELIVER_SOURCE_H

#include "deliver/order.h"
#include "lib/base/why.h"

/* Look into the text of one file. delimiters divide a name from a detail. */
bool source_names(struct view text, const struct order *o,
    const char *delimiters);
/* Look into the files that are the descriptors from first on. False with w: it
 * stands in none. */
bool source_has(int first, const struct order *o, const char *delimiters,
    struct why *w);

#endif
