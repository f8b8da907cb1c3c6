/* SPDX-License-Identifier: ISC */
/*
 * stub - asking a validating server on this host, and trusting its word
 *
 * libunbound forgets what a forwarder says about its own validation (the AD
 * bit). Where that server is on this host and validates, its word is as good as
 * our own work, so this asks it directly: no cache, as that is there.
 */
#ifndef RESOLVER_STUB_H
#define RESOLVER_STUB_H

#include "resolver/engine.h"

/* Ask the servers of s one after the other until one answers or the deadline
 * has passed; fn is called in any case. s is copied. */
void stub_ask(const struct sources *s, const struct question *q,
    int64_t deadline, answered *fn, void *arg);

#endif
