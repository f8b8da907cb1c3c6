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
/* ID: to=<..>, relay=.., delay=.., delays=.., dsn=.., status=.. (..)
 * began: clock_wall_us() when the attempt began, 0 if there was none. */
void trail_verdict(const struct mail *m, uint32_t rcpt, const struct why *w,
    struct view relay, int64_t began);
/* ID: removed */
void trail_removed(uint64_t id);

#endif
