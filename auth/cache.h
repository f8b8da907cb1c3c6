/* SPDX-License-Identifier: ISC */
/*
 * cache - passwords that were right a moment ago
 *
 * Mail clients log in again and again, and a good hash costs milliseconds. What
 * is kept is an HMAC-SHA256 of name, stored secret and password under a key
 * that this process made up at its start: it is worth nothing outside, and a
 * changed password or a removed user never matches.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include "lib/base/view.h"

struct cache_entry {
	unsigned char mac[32];
};

/* Make the key. */
void cache_start(void);
/* What stands for this login. name and secret must not hold a NUL. */
void cache_entry(struct cache_entry *e, struct view name, struct view secret,
    struct view password);
/* now in milliseconds (clock_ms), so that time can be tested. */
bool cache_has(const struct cache_entry *e, int64_t now);
void cache_put(const struct cache_entry *e, int64_t now);

#endif
