/* SPDX-License-Identifier: ISC */
/*
 * special - names that no name server is asked for
 *
 * localhost and what is below it is this host, invalid is nothing (RFC 6761
 * 6.3, 6.4), onion is not of the DNS (RFC 7686 2), and an address is no name.
 */
#ifndef RESOLVER_SPECIAL_H
#define RESOLVER_SPECIAL_H

#include "resolver/packet.h"

/* True when the answer is known here. */
bool special_answer(const struct question *q, struct arena *a,
    struct dns_answer *answer);

#endif
