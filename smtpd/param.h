/* SPDX-License-Identifier: ISC */
/*
 * param - the parameters behind MAIL FROM and RCPT TO (RFC 5321 4.1.1.11)
 */
#ifndef SMTPD_PARAM_H
#define SMTPD_PARAM_H

#include "smtpd/dialog.h"

enum param_of { PARAM_MAIL = 1, PARAM_RCPT = 2 };

/* Read "KEY=value KEY ..." into the transaction. True, or *r is the refusal. */
bool param_read(struct dialog *d, struct view text, enum param_of of,
    struct response *r);

#endif
