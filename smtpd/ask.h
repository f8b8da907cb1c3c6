/* SPDX-License-Identifier: ISC */
/*
 * ask - a question to a sibling, asked again if it died over it
 *
 * Only for what may be asked twice: where an address goes, an empty mail. The
 * sibling is back within a moment, and the client need not know.
 */
#ifndef SMTPD_ASK_H
#define SMTPD_ASK_H

#include "lib/proc/channel.h"

/* As service_call(), instance 0. */
bool ask_twice(unsigned role, const struct message *m, struct reply *r,
    struct why *w);

#endif
