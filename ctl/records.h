/* SPDX-License-Identifier: ISC */
/*
 * records - what the DNS should say about this site
 */
#ifndef CTL_RECORDS_H
#define CTL_RECORDS_H

#include <jansson.h>

#include "lib/proc/settings.h"

/* An array of objects: name (with its dot), type, value, note (or null). From
 * the settings, the certificate and the interfaces of this host alone; nothing
 * is asked. */
json_t *records_of(const struct settings *s);
/* As lines of a zone file, notes as comments. */
void records_print(const json_t *records);

#endif
