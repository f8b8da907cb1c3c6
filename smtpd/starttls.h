/* SPDX-License-Identifier: ISC */
/*
 * starttls - STARTTLS (RFC 3207), as the dialog sees it
 */
#ifndef SMTPD_STARTTLS_H
#define SMTPD_STARTTLS_H

#include "smtpd/dialog.h"

bool starttls_offered(const struct dialog *d);
/* The handshake is done: what the client said before it is forgotten. */
void starttls_done(struct dialog *d);

#endif
