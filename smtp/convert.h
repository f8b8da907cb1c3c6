/* SPDX-License-Identifier: ISC */
/*
 * convert - a mail whose content a server cannot take as it is
 *
 * The spool file is mapped, looked at, and rewritten on its way out by
 * lib/mail/downgrade.h; nothing is kept. It is gone through once before MAIL is
 * said, so that what cannot be converted is known, and the size.
 */
#ifndef SMTP_CONVERT_H
#define SMTP_CONVERT_H

#include "lib/mail/downgrade.h"
#include "smtp/client.h"
#include "smtp/job.h"

/* Whether a field of the mail's header has 8-bit octets; looked at once. False
 * with the outcome: the file cannot be read. */
bool convert_look(struct job *j, bool *utf8_header, struct outcome *o);
/* How large it becomes. False with the outcome: not possible. */
bool convert_measure(const struct job *j, enum downgrade_level level,
    uint64_t *size, struct outcome *o);
/* Write it with dots doubled and the final dot. False: the connection was lost,
 * or the file could not be read; c is broken. */
bool convert_send(const struct job *j, enum downgrade_level level,
    struct client *c, struct outcome *o);

#endif
