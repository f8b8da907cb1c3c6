/* SPDX-License-Identifier: ISC */
/*
 * delay - when each user was here last
 *
 * A table of fixed size, made when the setting first asks for it. A slot is the
 * hash of a name; two names that share one forget each other, which lets a
 * client come early and harms nobody.
 */
#include <stdlib.h>

#include "auth/delay.h"
#include "lib/base/clock.h"
#include "lib/mail/sasl.h"
#include "lib/proc/service.h"

#define SLOTS	65536u		/* a power of two; 16 octets each */

struct slot {
	uint64_t hash;
	int64_t last;		/* clock_ms(); 0: never */
};

static struct slot *slots;
static uint64_t seed;

/* FNV-1a with a start that nobody knows. */
static uint64_t
hash_of(struct view v)
{
	uint64_t h = 14695981039346656037u ^ seed;

	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * 1099511628211u;
	return h ^ h >> 32;
}

bool
delay_allows(struct view user, struct why *w)
{
	int64_t delay = service_settings()->pop3_login_delay * 1000;
	int64_t now = clock_ms();
	struct slot *slot;
	uint64_t hash;

	if (delay == 0)
		return true;
	if (slots == NULL) {
		slots = xcalloc(SLOTS, sizeof(*slots));
		arc4random_buf(&seed, sizeof(seed));
	}
	hash = hash_of(user);
	slot = &slots[hash & (SLOTS - 1)];
	if (slot->hash == hash && slot->last != 0 &&
	    now - slot->last < delay)
		return why_later(w, SASL_TOO_OFTEN,
		    "The last login was a moment ago; come again in %lld s",
		    (long long)(delay - (now - slot->last) + 999) / 1000);
	*slot = (struct slot){ hash, now };
	return true;
}
