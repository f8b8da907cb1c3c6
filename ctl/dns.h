/* SPDX-License-Identifier: ISC */
/*
 * dns - questions to the server's resolver, for commands
 */
#ifndef CTL_DNS_H
#define CTL_DNS_H

#include "lib/base/str.h"
#include "lib/base/why.h"
#include "lib/proc/channel.h"
#include "lib/proc/dns.h"

/* Ask for the records of a name (ASCII, without a dot at its end) and a type by
 * its name ("MX"); values as zone files have them are put into the list. False
 * with the reason when there is no such type or nobody answers. */
bool dns_find(struct channel *resolver, const char *name, const char *type,
    enum dns_result *result, struct str *values, struct why *w);

#endif
