/* SPDX-License-Identifier: ISC */
/*
 * check_dns - name servers and trust anchors, for posthouse check
 */
#ifndef CTL_CHECK_DNS_H
#define CTL_CHECK_DNS_H

#include "lib/proc/settings.h"

/* Append sentences, one a line. */
void check_dns(const struct settings *s, struct str *errors,
    struct str *warnings);

#endif
