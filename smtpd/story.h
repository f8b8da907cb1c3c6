/* SPDX-License-Identifier: ISC */
/*
 * story - what a dialog tells history: refusals, and mails that were queued
 */
#ifndef SMTPD_STORY_H
#define SMTPD_STORY_H

#include "smtpd/dialog.h"

void story_refused(const struct dialog *d, const char *verb,
    const struct response *r);
void story_accepted(const struct dialog *d, uint64_t mail);

#endif
