/* SPDX-License-Identifier: ISC */
/*
 * ask - at most twice
 */
#include "lib/base/clock.h"
#include "lib/proc/service.h"
#include "smtpd/ask.h"

#define SOON 2000	/* ms: a failure after more than this is no death */

bool
ask_twice(unsigned role, const struct message *m, struct reply *r,
    struct why *w)
{
	int64_t begun = clock_ms();

	if (service_call(role, 0, m, r, w))
		return true;
	return clock_ms() - begun < SOON && !fiber_cancelled() &&
	    service_call(role, 0, m, r, w);
}
