/* SPDX-License-Identifier: ISC */
/*
 * story - what queue tells history about a mail
 */
#ifndef QUEUE_STORY_H
#define QUEUE_STORY_H

#include "queue/trail.h"

/* A report was queued; whom smtpd brings, it tells about. */
void story_written(const struct mail *m, const struct settles *about);
void story_verdict(const struct mail *m, uint32_t rcpt,
    const struct outcome *o);
void story_finished(uint64_t mail);
/* The administrator did this to so many recipients. */
void story_changed(uint64_t mail, const char *action, uint32_t rcpts);

#endif
