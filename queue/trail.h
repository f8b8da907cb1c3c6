/* SPDX-License-Identifier: ISC */
/*
 * trail - what the log says about a mail, in the grammar of the field
 *
 * pflogsumm, logwatch and others read these lines.
 */
#ifndef QUEUE_TRAIL_H
#define QUEUE_TRAIL_H

#include "lib/base/why.h"
#include "queue/mail.h"

/* ID: from=<..>, size=.., nrcpt=.. (queue active) */
void trail_active(const struct mail *m);
/* How an attempt ended. */
struct outcome {
	struct why why;
	struct view relay;	/* who said so */
	struct view reply;	/* in these words */
	bool dsn;		/* the next server reports success itself */
	bool own;		/* trouble of the house: over within seconds */
	uint32_t due;		/* LATER: not before, seconds since 1970 */
	uint32_t random;	/* the same for all who shall wait together */
	int64_t began;		/* clock_wall_us(), 0: nobody was asked */
};
/* ID: to=<..>, relay=.., delay=.., delays=.., dsn=.., status=.. (..) */
void trail_verdict(const struct mail *m, uint32_t rcpt,
    const struct outcome *o);
/* ID: removed */
void trail_removed(uint64_t id);

#endif
